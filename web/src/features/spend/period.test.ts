import { describe, expect, it } from 'vitest';
import { fillGaps, sayDuration, startOf } from './period';
import type { SpendSum } from './queries';

const now = Date.parse('2026-11-26T19:31:04Z');

describe('the period of spend', () => {
  it('begins at a whole hour or day', () => {
    expect(startOf('24h', now)).toBe('2026-11-25T20:00:00.000Z');
    expect(startOf('7d', now)).toBe('2026-11-20T00:00:00.000Z');
  });

  it('has a zero for each day without calls', () => {
    const items = [{ key: '2026-11-24T00:00:00Z', cost_usd: '1.5', calls: 2 }] as SpendSum[];
    const filled = fillGaps(items, '7d', startOf('7d', now), now);
    expect(filled.costs).toEqual([0, 0, 0, 0, 1.5, 0, 0]);
    expect(filled.times[0]).toBe(Date.parse('2026-11-20T00:00:00Z') / 1000);
  });

  it('say how long a call took in words for people, and leave what they do not know', () => {
    expect(sayDuration('241us')).toBe('under 1 ms');
    expect(sayDuration('53ms')).toBe('53 ms');
    expect(sayDuration('1m30s')).toBe('1 m 30 s');
    expect(sayDuration('0s')).toBe('0 ms');
    expect(sayDuration('a while')).toBe('a while');
    expect(sayDuration(null)).toBe('');
  });
});
