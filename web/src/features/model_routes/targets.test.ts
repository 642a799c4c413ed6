import { describe, expect, it } from 'vitest';
import { moved, shareOf } from './targets';

const targets = [{ model: 'a', weight: 3 }, { model: 'b' }, { model: 'c' }];

describe('targets of a route', () => {
  it('move by one place, and stay at the ends', () => {
    expect(moved(targets, 1, -1).map((one) => one.model)).toEqual(['b', 'a', 'c']);
    expect(moved(targets, 2, 1)).toEqual(targets);
    expect(moved(targets, 0, -1)).toEqual(targets);
  });
  it('share calls by weight, one where none is given', () => {
    expect(shareOf(targets, 0)).toBeCloseTo(0.6);
    expect(shareOf([], 0)).toBe(0);
  });
});
