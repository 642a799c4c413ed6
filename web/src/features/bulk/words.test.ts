import { expect, it } from 'vitest';
import type { BulkAction } from './queries';
import { filterLines, runSearchOf, shareOf, timeLeft, titleOf } from './words';

const action: BulkAction = {
  id: 'bulk_1',
  kind: 'runs.retry',
  state: 'running',
  total: 40,
  done: 9,
  failed: 1,
  rate_per_second: 5,
  filter: { status: ['failed', 'timed_out'], flow: 'flw_1', since: '2026-11-01T00:00:00Z', code: 'timeout' },
};

it('is called by what it does to how many', () => {
  expect(titleOf(action)).toBe('Retry 40 runs');
  expect(titleOf({ kind: 'dead_letters.redrive', total: 1 })).toBe('Redrive 1 dead letter');
});

it('tells how far it is and how long it still takes', () => {
  expect(shareOf(action)).toBe(0.25);
  expect(shareOf({ total: 0, done: 0, failed: 0 })).toBe(1);
  expect(timeLeft(action)).toBe(6000);
  expect(timeLeft({ ...action, state: 'stopped' })).toBeUndefined();
});

it('leads to the list of runs with the same filter', () => {
  expect(runSearchOf(action)).toEqual({ status: 'failed,timed_out', flow: 'flw_1', from: '2026-11-01T00:00:00Z' });
  expect(runSearchOf({ ...action, kind: 'dead_letters.redrive' })).toBeUndefined();
});

it('says its filter in words', () => {
  expect(filterLines(action)[0]).toEqual(['status', 'failed, timed out']);
  expect(filterLines({ ...action, filter: undefined })).toEqual([]);
});
