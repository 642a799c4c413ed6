import { describe, expect, it } from 'vitest';
import { attemptsOf, type Entry, foldEntries, usageOf } from './journal';
import type { Step } from './tree';

let seq = 0;
const entry = (kind: string, path: string, second: number, more: Partial<Entry> = {}): Entry => ({
  seq: ++seq,
  kind,
  at: `2026-11-26T10:00:0${second}Z`,
  ...(path ? { path, attempt: 1 } : {}),
  ...more,
});
const none = new Map<string, string>();

describe('attempts', () => {
  it('are told apart with their ends, errors and the time of the next one', () => {
    const found = attemptsOf([
      entry('run.started', '', 0),
      entry('step.started', 'call', 1),
      entry('step.attempt_failed', 'call', 2, { data: { retry_at_us: 1795687205000000 } }),
      entry('step.started', 'call', 5, { attempt: 2 }),
      entry('step.succeeded', 'call', 6, { attempt: 2, data: { usage: { input_tokens: 3, cost_nano_usd: 20700 } } }),
    ]).get('call')!;
    expect(found.map((one) => [one.number, one.end, (one.to! - one.from) / 1000])).toEqual([
      [1, 'failed', 1],
      [2, 'succeeded', 1],
    ]);
    expect(found[0]!.retryAt).toBe(1795687205000);
    expect(found[1]!.usage).toEqual({ input_tokens: 3, cost_usd: '0.0000207' });
  });
  it('of computing nodes begin where they end; those that run have no end', () => {
    expect(attemptsOf([entry('step.succeeded', 'set', 3)]).get('set')![0]).toMatchObject({
      number: 1,
      end: 'succeeded',
    });
    expect(attemptsOf([entry('step.started', 'a', 3)]).get('a')![0]!.to).toBeUndefined();
  });
  it('a decision about an unknown end goes on with the same one', () => {
    const found = attemptsOf([
      entry('step.started', 'pay', 1),
      entry('step.unknown', 'pay', 2),
      entry('step.decided', 'pay', 3),
      entry('step.succeeded', 'pay', 3),
    ]).get('pay')!;
    expect(found).toHaveLength(1);
    expect(found[0]!.end).toBe('succeeded');
  });
});

describe('attempts of a journal that goes on', () => {
  it('are those of the whole journal', () => {
    const entries = [
      entry('step.started', 'a', 1),
      entry('step.attempt_failed', 'a', 2),
      entry('step.started', 'a', 3, { attempt: 2 }),
      entry('step.started', 'b', 3),
      entry('step.succeeded', 'a', 4, { attempt: 2 }),
    ];
    const first = attemptsOf(entries.slice(0, 3));
    expect(attemptsOf(entries, first, 3)).toEqual(attemptsOf(entries));
  });
});

describe('usage', () => {
  it('is in dollars, without rounding', () => {
    expect(usageOf({ usage: { cost_nano_usd: 1 } })!.cost_usd).toBe('0.000000001');
    expect(usageOf({ usage: { cost_nano_usd: 2_000_000_000 } })!.cost_usd).toBe('2');
    expect(usageOf(null)).toBeUndefined();
  });
});

describe('steps after further entries', () => {
  it('go from running over waiting to their end', () => {
    let steps = foldEntries([], [entry('step.started', 'a', 1)], new Map([['a', 'llm.chat']]));
    expect(steps[0]).toMatchObject({ path: 'a', node: 'a', type: 'llm.chat', status: 'running', finished_at: null });
    steps = foldEntries(
      steps,
      [entry('step.attempt_failed', 'a', 2, { data: { retry_at_us: 1795687205000000 }, value: { code: 'timeout' } })],
      none,
    );
    expect(steps[0]).toMatchObject({
      status: 'waiting',
      error: { code: 'timeout' },
      waiting_until: '2026-11-26T10:00:05.000Z',
    });
    steps = foldEntries(steps, [entry('step.succeeded', 'a', 6, { attempt: 2 })], none);
    expect(steps[0]).toMatchObject({
      status: 'succeeded',
      attempts: 2,
      started_at: '2026-11-26T10:00:01Z',
      finished_at: '2026-11-26T10:00:06Z',
    });
    expect(steps[0]).not.toHaveProperty('error');
    expect(steps[0]).not.toHaveProperty('waiting_until');
  });
  it('leave what did not change as the same object, and the list before as it was', () => {
    const before: Step[] = [
      { path: 'a', node: 'a', type: 'set', status: 'succeeded' },
      { path: 'b', node: 'b', type: 'set', status: 'pending' },
    ];
    const after = foldEntries(before, [entry('step.started', 'b', 1)], none);
    expect(after[0]).toBe(before[0]);
    expect(before[1]!.status).toBe('pending');
  });
  it('are counted in their container once, also when an entry is told twice', () => {
    const container: Step = { path: 'm', node: 'm', type: 'map', status: 'running', children: { running: 1 } };
    const item: Step = { path: 'm[0]/x', node: 'x', type: 'set', status: 'running' };
    const done = entry('step.succeeded', 'm[0]/x', 3);
    let steps = foldEntries([container, item], [done, done, entry('step.started', 'm[1]/x', 4)], none);
    expect(steps[0]!.children).toEqual({ running: 1, succeeded: 1 });
    steps = foldEntries(steps, [done], none);
    expect(steps[0]!.children).toEqual({ running: 1, succeeded: 1 });
  });
  it('say what they wait for, and that they were taken over', () => {
    const steps = foldEntries(
      [],
      [
        entry('step.waiting', 'sign', 1, { data: { signal: 'signed', key: 'A17' } }),
        entry('step.succeeded', 'old', 1, { data: { reused: true } }),
      ],
      none,
    );
    expect(steps[0]!.waiting_for).toEqual({ signal: 'signed', key: 'A17' });
    expect(steps[1]!.reused).toBe(true);
  });
});
