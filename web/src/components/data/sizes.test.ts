import { describe, expect, test } from 'vitest';
import { byteLength, markdownRefusal, nextPart, partsOf, partsOfText, sizeText, structureRefusal } from './sizes';

const KIB = 1024;

describe('parts of a large value', () => {
  test('64 KiB come first, then 256 KiB at a time, and the last part is what is left', () => {
    expect(nextPart(0, undefined)).toEqual({ offset: 0, limit: 64 * KIB });
    expect(nextPart(64 * KIB, 5120 * KIB)).toEqual({ offset: 64 * KIB, limit: 256 * KIB });
    expect(nextPart(64 * KIB, 70 * KIB)).toEqual({ offset: 64 * KIB, limit: 6 * KIB });
    expect(nextPart(70 * KIB, 70 * KIB)).toBeUndefined();
    expect(nextPart(0, 0)).toBeUndefined();
  });

  test('a part that ends within a character gives the same text in the end', async () => {
    const text = 'a🙂é漢'.repeat(5);
    for (let size = 1; size <= 7; size++) {
      const load = partsOfText(text);
      let [out, at, total] = ['', 0, 1];
      while (at < total) {
        const part = await load(at, size);
        out += part.text;
        total = part.total;
        at = Math.min(at + size, total);
      }
      expect(out).toBe(text);
      expect(total).toBe(byteLength(text));
    }
  });

  test('beginning anew forgets a half character, and an answer without a range is the whole', async () => {
    const load = partsOf(() =>
      Promise.resolve(new Response(new Uint8Array([0xc3]), { headers: { 'Content-Range': 'bytes 0-0/2' } })),
    );
    expect((await load(0, 1)).text).toBe('');
    expect((await load(0, 1)).text).toBe('');
    const whole = partsOf(() => Promise.resolve(new Response('null')));
    expect(await whole(0, 10)).toEqual({ text: 'null', total: 4 });
  });

  test('bytes are counted as UTF-8', () => {
    for (const text of ['', 'abc', 'é', '漢字', '🙂🙂', 'a\u0000b'])
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
  });
});

describe('what is shown', () => {
  test('up to 1 MiB a tree can be had once all is loaded; above, never, and the text says why', () => {
    expect(structureRefusal(1024 * KIB, 1024 * KIB)).toBeUndefined();
    expect(structureRefusal(64 * KIB, 1024 * KIB)).toContain('64 KiB of 1 MiB');
    expect(structureRefusal(1024 * KIB + 1, 1024 * KIB + 1)).toContain('Above 1 MiB');
    expect(structureRefusal(5120 * KIB, 5120 * KIB)).toContain('5 MiB');
  });

  test('Markdown is rendered up to 64 KiB', () => {
    expect(markdownRefusal(64 * KIB)).toBeUndefined();
    expect(markdownRefusal(64 * KIB + 1)).toContain('64 KiB');
  });

  test('sizes are written for people', () => {
    expect([0, 812, 1024, 1536, 65536, 5033165, 1024 ** 3].map(sizeText)).toEqual([
      '0 B',
      '812 B',
      '1 KiB',
      '1.5 KiB',
      '64 KiB',
      '4.8 MiB',
      '1 GiB',
    ]);
  });
});
