// Runs over time as columns of states. Pure.

import type { Schemas } from '@/api/client';
import type { StateColour } from '@/components/StatusMark';

export type Histogram = Schemas['RunHistogram'];

/** From below: what is over first, what is bad on top of it where it is seen. */
export const layers: { colour: StateColour; label: string; statuses: string[] }[] = [
  { colour: 'succeeded', label: 'succeeded', statuses: ['succeeded'] },
  { colour: 'running', label: 'running', statuses: ['running'] },
  { colour: 'waiting', label: 'waiting', statuses: ['waiting'] },
  { colour: 'queued', label: 'queued, paused, cancelled', statuses: ['queued', 'paused', 'cancelled'] },
  { colour: 'failed', label: 'failed, timed out', statuses: ['failed', 'timed_out'] },
];

export interface Column {
  from: number;
  to: number;
  total: number;
  /** By layer, from below. */
  counts: number[];
}

export function columnsOf(histogram: Histogram): { columns: Column[]; most: number } {
  const end = Date.parse(histogram.to);
  const columns = histogram.buckets.map((bucket): Column => {
    const from = Date.parse(bucket.at);
    const counts = layers.map((layer) =>
      layer.statuses.reduce((sum, status) => sum + ((bucket.counts as Record<string, number>)[status] ?? 0), 0),
    );
    return {
      from,
      to: Math.min(end, from + histogram.bucket_ms),
      total: counts.reduce((sum, count) => sum + count, 0),
      counts,
    };
  });
  return { columns, most: Math.max(0, ...columns.map((column) => column.total)) };
}

/** The time that a drag from one column to another covers, in either direction; whole columns. */
export function spanOfColumns(
  columns: readonly Column[],
  a: number,
  b: number,
): { from: number; to: number } | undefined {
  const [first, last] = [Math.min(a, b), Math.max(a, b)].map((index) =>
    Math.max(0, Math.min(columns.length - 1, index)),
  ) as [number, number];
  if (columns.length === 0) return undefined;
  return { from: columns[first]!.from, to: columns[last]!.to };
}

/** Which column a place belongs to; `share` is 0 at the left edge and 1 at the right one. */
export function columnAt(columns: readonly Column[], share: number): number {
  return Math.max(0, Math.min(columns.length - 1, Math.floor(share * columns.length)));
}

/** The time without a chosen one: what the histogram shows then. */
export const usualSpan = 14 * 86_400_000;
