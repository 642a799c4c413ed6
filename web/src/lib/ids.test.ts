import { expect, it } from 'vitest';
import { kindOfId, newKey, shortId } from './ids';

it('an id is shown by its kind and its end', () => {
  expect(shortId('run_01jcy3m1q8e2fvt6pr0w5x9zka')).toBe('run_w5x9zka');
  expect(shortId('default')).toBe('default');
  expect(shortId('a_b')).toBe('a_b');
});
it('what looks like an id tells its kind', () => {
  expect(kindOfId('flw_01jcy3m1q8e2fvt6pr0w5x9zka')).toBe('flw');
  expect(kindOfId('flw_short')).toBe('');
});
it('each key for a write is another', () => {
  const keys = new Set(Array.from({ length: 100 }, newKey));
  expect(keys.size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
});
