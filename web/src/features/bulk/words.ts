// Bulk actions in words. Pure.

import { formatNumber, formatWord } from '@/lib/format';
import type { BulkAction } from './queries';

const kinds: Record<BulkAction['kind'], [string, string]> = {
  'runs.retry': ['Retry', 'run'],
  'runs.rerun': ['Run again', 'run'],
  'runs.cancel': ['Cancel', 'run'],
  'dead_letters.redrive': ['Redrive', 'dead letter'],
};

/** "Retry 37 runs". */
export function titleOf(action: Pick<BulkAction, 'kind' | 'total'>): string {
  const [verb, object] = kinds[action.kind] ?? [action.kind, 'object'];
  return `${verb} ${formatNumber(action.total, object)}`;
}

/** What the action's objects are called. */
export function objectOf(action: Pick<BulkAction, 'kind'>): string {
  return kinds[action.kind]?.[1] ?? 'object';
}

/** The share that was dealt with, 0 to 1. */
export function shareOf(action: Pick<BulkAction, 'total' | 'done' | 'failed'>): number {
  return action.total === 0 ? 1 : Math.min(1, (action.done + action.failed) / action.total);
}

/** About how long it still takes, in milliseconds; nothing where it does not run. */
export function timeLeft(action: Pick<BulkAction, 'state' | 'total' | 'done' | 'failed' | 'rate_per_second'>) {
  if (action.state !== 'running' || !action.rate_per_second) return undefined;
  return (Math.max(0, action.total - action.done - action.failed) / action.rate_per_second) * 1000;
}

/** The filter as a search of the list of runs, where there is one. */
export function runSearchOf(action: BulkAction): Record<string, string> | undefined {
  if (!action.kind.startsWith('runs.')) return undefined;
  const filter = (action.filter ?? {}) as Record<string, unknown>;
  const search: Record<string, string> = {};
  if (Array.isArray(filter.status)) search.status = filter.status.join(',');
  else if (typeof filter.status === 'string') search.status = filter.status;
  for (const [from, to] of [
    ['flow', 'flow'],
    ['project', 'project'],
    ['since', 'from'],
    ['until', 'to'],
  ] as const) {
    if (typeof filter[from] === 'string') search[to] = filter[from];
  }
  return search;
}

/** Each part of the filter: "status: failed, timed out". */
export function filterLines(action: BulkAction): [string, string][] {
  return Object.entries((action.filter ?? {}) as Record<string, unknown>).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map((one) => formatWord(String(one))).join(', ') : String(value),
  ]);
}
