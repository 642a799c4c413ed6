import { describe, expect, it } from 'vitest';
import type { Attempt } from './journal';
import { barsOf, notchesOf, placeOf, rangeOf, spanOf, ticksOf } from './timeline';
import { buildTree, type Step } from './tree';

const start = Date.parse('2026-11-26T10:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
const step = (path: string, from: number, to: number | null, more: Partial<Step> = {}): Step => ({
  path,
  node: path.slice(path.lastIndexOf('/') + 1),
  type: 'http.request',
  status: to === null ? 'running' : 'succeeded',
  attempts: 1,
  started_at: at(from),
  finished_at: to === null ? null : at(to),
  ...more,
});
const nodeOf = (one: Step) => buildTree([one]).nodes.get(one.path)!;

describe('the range', () => {
  it('begins when the run was made, so that its wait in the queue is seen', () => {
    expect(rangeOf({ created_at: at(0), finished_at: at(9) }, [step('a', 5, 8)], 0)).toEqual({
      from: start,
      to: start + 9000,
    });
  });
  it('goes to now while the run goes on, and is never empty', () => {
    expect(rangeOf({ created_at: at(0) }, [], start + 4000).to).toBe(start + 4000);
    expect(rangeOf({ created_at: at(0), finished_at: at(0) }, [], 0).to).toBe(start + 1);
  });
  it('places times in it and moves others to its edges', () => {
    const range = { from: 100, to: 300 };
    expect([0, 100, 150, 300, 999].map((time) => placeOf(time, range))).toEqual([0, 0, 0.25, 1, 1]);
  });
});

describe('the bar of a row', () => {
  it('is one piece of what worked', () => {
    expect(barsOf(nodeOf(step('a', 1, 3)), undefined, 0)).toEqual([
      { kind: 'run', from: start + 1000, to: start + 3000 },
    ]);
  });
  it('goes to now while the step runs', () => {
    expect(barsOf(nodeOf(step('a', 1, null)), undefined, start + 7000)[0]!.to).toBe(start + 7000);
  });
  it('is hatched for steps that only wait', () => {
    expect(barsOf(nodeOf(step('a', 1, 3, { type: 'wait' })), undefined, 0)[0]!.kind).toBe('wait');
  });
  it('alternates between attempts and the waits between them', () => {
    const attempts: Attempt[] = [
      { number: 1, from: start, to: start + 1000, end: 'failed' },
      { number: 2, from: start + 3000, to: start + 4000, end: 'succeeded' },
    ];
    const node = nodeOf(step('a', 0, 4, { attempts: 2 }));
    expect(barsOf(node, attempts, 0)).toEqual([
      { kind: 'run', from: start, to: start + 1000 },
      { kind: 'wait', from: start + 1000, to: start + 3000 },
      { kind: 'run', from: start + 3000, to: start + 4000 },
    ]);
    expect(notchesOf(attempts)).toEqual([start + 3000]);
  });
  it('waits behind a failed attempt until the next one begins', () => {
    const node = nodeOf(step('a', 0, null, { status: 'waiting' }));
    const bars = barsOf(node, [{ number: 1, from: start, to: start + 1000, end: 'failed' }], start + 5000);
    expect(bars.map((bar) => [bar.kind, bar.to - start])).toEqual([
      ['run', 1000],
      ['wait', 5000],
    ]);
  });
  it('of an item spans its steps; of what has not begun there is none', () => {
    const tree = buildTree([step('m[0]/a', 2, 3), step('m[0]/b', 4, 9)]);
    expect(spanOf(tree.nodes.get('m[0]')!, 0)).toEqual({ from: start + 2000, to: start + 9000 });
    expect(
      barsOf(nodeOf({ ...step('a', 0, 1), started_at: null, finished_at: null, status: 'pending' }), undefined, 0),
    ).toEqual([]);
  });
});

describe('the ticks', () => {
  it('are round and few, from milliseconds to weeks', () => {
    expect(ticksOf({ from: 0, to: 900 }).map((tick) => tick.after)).toEqual([0, 200, 400, 600, 800]);
    expect(ticksOf({ from: 0, to: 5 * 3_600_000 }).map((tick) => tick.after / 3_600_000)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const length of [1, 7, 1234, 98_765, 3e6, 9e8, 4e11, 9e12]) {
      const ticks = ticksOf({ from: 0, to: length });
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(7);
    }
  });
});
