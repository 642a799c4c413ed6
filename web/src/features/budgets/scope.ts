// A budget's scope in words. Pure.

import { formatWord } from '@/lib/format';
import type { Budget, ScopeType } from './queries';

/** "workspace", "flow triage". */
export function sayScope(scope: Budget['scope']): string {
  const type = formatWord(scope?.type ?? '');
  return scope?.id ? `${type} ${scope.id}` : type;
}

/** Scopes that need no name: there is one of them. */
export const isSingle = (type: ScopeType): boolean => type === 'workspace' || type === 'instance';
