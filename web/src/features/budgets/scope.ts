// A budget's scope and dates in words. Pure.

import { formatWord } from '@/lib/format';
import type { Budget, ScopeType } from './queries';

/** "workspace", "flow triage". */
export function sayScope(scope: Budget['scope']): string {
  const type = formatWord(scope?.type ?? '');
  return scope?.id ? `${type} ${scope.id}` : type;
}

/** Scopes that need no name: there is one of them. */
export const isSingle = (type: ScopeType): boolean => type === 'workspace' || type === 'instance';

/** A dollar amount as the API takes it: a decimal with at most nine places, not below zero. */
export function amountMistake(text: string): string | undefined {
  if (text.trim() === '') return 'How many US dollars?';
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) return 'A number of US dollars, such as 7 or 12.50';
  return undefined;
}
