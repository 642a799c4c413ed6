// Scopes of budgets. Pure.

import type { ScopeType } from './queries';

/** Scopes that need no name: there is one of them. */
export const isSingle = (type: ScopeType): boolean => type === 'workspace' || type === 'instance';
