import { describe, expect, it } from 'vitest';
import { linesOf, priceOf } from './price';
import type { ModelPrice } from './queries';

const price = {
  usd_per_million: { output: '10', input: '2.50', cache_read: '0', batch: '1' },
} as unknown as ModelPrice;

describe('prices', () => {
  it('tell what is free from what is not known', () => {
    expect(priceOf(price, 'cache_read')).toBe('free');
    expect(priceOf(price, 'cache_write_1h')).toBe('unknown');
    expect(priceOf(null, 'input')).toBe('unknown');
  });
  it('come in order, with kinds of a newer server at the end', () => {
    expect(linesOf(price)).toEqual([
      ['input', '$2.5'],
      ['output', '$10'],
      ['from caches', 'free'],
      ['batch', '$1'],
    ]);
  });
});
