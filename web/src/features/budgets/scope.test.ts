import { describe, expect, it } from 'vitest';
import { amountMistake } from '@/lib/format';
import type { Budget } from './queries';
import { isSingle } from './scope';
import { shareOf, stateOf } from './UsageBar';

const budget = (limit: string, spent: string, held = '0') =>
  ({ limit_usd: limit, present_limit_usd: limit, spent_usd: spent, held_usd: held }) as Budget;

describe('budgets', () => {
  it('of one workspace or server need no name', () => {
    expect(isSingle('workspace')).toBe(true);
    expect(isSingle('instance')).toBe(true);
    expect(isSingle('flow')).toBe(false);
  });

  it('count what is held as used, and what is over the limit as all of it', () => {
    expect(shareOf(budget('10', '5', '3')).used).toBeCloseTo(0.8);
    expect(shareOf(budget('10', '25')).spent).toBe(1);
    expect(stateOf(budget('10', '7.9'))).toBe('succeeded');
    expect(stateOf(budget('10', '5', '3'))).toBe('waiting');
    expect(stateOf(budget('10', '10'))).toBe('failed');
  });

  it('with a limit of nothing are used up from the start', () => {
    expect(stateOf(budget('0', '0'))).toBe('failed');
    expect(stateOf(budget('0', '0.01'))).toBe('failed');
  });

  it('take decimals without sign or exponent', () => {
    expect(amountMistake('12.50')).toBeUndefined();
    for (const wrong of ['', '-1', '1e9', '1.0000000001', 'ten']) expect(amountMistake(wrong)).toBeDefined();
  });
});
