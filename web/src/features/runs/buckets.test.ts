import { expect, it } from 'vitest';
import { columnAt, columnsOf, type Histogram, layers, spanOfColumns } from './buckets';

const histogram: Histogram = {
  from: '2026-11-26T00:00:00Z',
  to: '2026-11-26T02:30:00Z',
  bucket_ms: 3_600_000,
  buckets: [
    { at: '2026-11-26T00:00:00Z', counts: { succeeded: 3, failed: 1, timed_out: 2 } },
    { at: '2026-11-26T01:00:00Z', counts: {} },
    { at: '2026-11-26T02:00:00Z', counts: { queued: 1, cancelled: 1 } },
  ],
  totals: { succeeded: 3, failed: 1, timed_out: 2, queued: 1, cancelled: 1 },
  complete: true,
  counted_from: '2026-11-26T00:00:00Z',
};

it('sums statuses of one colour and keeps empty columns', () => {
  const { columns, most } = columnsOf(histogram);
  expect(most).toBe(6);
  expect(columns.map((column) => column.total)).toEqual([6, 0, 2]);
  expect(columns[0]!.counts[layers.findIndex((layer) => layer.colour === 'failed')]).toBe(3);
});

it('ends the last column where the time ends', () => {
  const { columns } = columnsOf(histogram);
  expect(columns[2]!.to).toBe(Date.parse('2026-11-26T02:30:00Z'));
});

it('chooses the same time whichever way it was dragged', () => {
  const { columns } = columnsOf(histogram);
  const span = { from: Date.parse('2026-11-26T00:00:00Z'), to: Date.parse('2026-11-26T02:00:00Z') };
  expect(spanOfColumns(columns, 0, 1)).toEqual(span);
  expect(spanOfColumns(columns, 1, -5)).toEqual(span);
  expect(spanOfColumns([], 0, 1)).toBeUndefined();
});

it('finds the column under a place, also beyond the edges', () => {
  const { columns } = columnsOf(histogram);
  expect([-0.2, 0, 0.34, 0.99, 1.3].map((share) => columnAt(columns, share))).toEqual([0, 0, 1, 2, 2]);
});
