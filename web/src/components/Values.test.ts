import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeClock } from './Values';

describe('the clock of ages', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is not behind after minutes in which nobody looked', () => {
    const clock = makeClock(5_000);
    clock.watch(() => {})();
    vi.advanceTimersByTime(240_000);
    clock.watch(() => {});
    expect(Date.now() - clock.get()).toBeLessThan(5_000);
  });

  it('says the same to all who ask within one tick', () => {
    const clock = makeClock(5_000);
    const first = clock.get();
    vi.advanceTimersByTime(1_200);
    expect(clock.get()).toBe(first);
  });

  it('ticks while somebody watches', () => {
    const clock = makeClock(1_000);
    const seen: number[] = [];
    clock.watch(() => seen.push(clock.get()));
    vi.advanceTimersByTime(3_000);
    expect(seen.length).toBe(3);
    expect(Date.now() - clock.get()).toBe(0);
  });
});
