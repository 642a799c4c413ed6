import { describe, expect, test } from 'vitest';
import { kindText, parseJson, same, shortValue } from './json';
import { lineOf, locate, pointerOf, tokensOf, valueAt, withValueAt } from './pointer';

const text = `{
  "name": "a \\"quoted\\" {name}",
  "nodes": [
    {"id": "x", "config": {"url": "http://a", "a/b": [1, [2], {"c~d": null}]}},
    {"id": "y"}
  ]
}`;

describe('pointers', () => {
  test('names with slashes and tildes survive', () => {
    expect(pointerOf(['a/b', 0, 'c~d'])).toBe('/a~1b/0/c~0d');
    expect(tokensOf('/a~1b/0/c~0d')).toEqual(['a/b', '0', 'c~d']);
    expect(tokensOf('')).toEqual([]);
  });

  test('values are read, changed and taken out without touching the original', () => {
    const value = JSON.parse(text);
    expect(valueAt(value, '/nodes/0/config/a~1b/2/c~0d')).toBeNull();
    expect(valueAt(value, '/nodes/7/id')).toBeUndefined();
    expect(valueAt(value, '/toString')).toBeUndefined();
    expect(withValueAt(value, '/nodes/1/id', 'z')).toMatchObject({ nodes: [{ id: 'x' }, { id: 'z' }] });
    expect(withValueAt(value, '/nodes/0', undefined)).toMatchObject({ nodes: [{ id: 'y' }] });
    expect(withValueAt({ a: 1 }, '/b/c', true)).toEqual({ a: 1, b: { c: true } });
    expect(value.nodes[1].id).toBe('y');
  });

  test('a member named __proto__ is only a member', () => {
    const changed = withValueAt({}, '/__proto__/polluted', true) as object;
    expect(Object.keys(changed)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('the place of every value is found in the text', () => {
    const slice = (pointer: string) => {
      const place = locate(text, pointer);
      return place.exact ? text.slice(place.from, place.to) : undefined;
    };
    expect(slice('/name')).toBe('"a \\"quoted\\" {name}"');
    expect(slice('/nodes/0/config/url')).toBe('"http://a"');
    expect(slice('/nodes/0/config/a~1b/1')).toBe('[2]');
    expect(slice('/nodes/1')).toBe('{"id": "y"}');
    expect(slice('')).toBe(text);
    expect(lineOf(text, locate(text, '/nodes/1/id').from)).toBe(5);
  });

  test('a place that is not there falls back to its nearest ancestor, on one line', () => {
    const place = locate(text, '/nodes/0/retry/backoff');
    expect(place.exact).toBe(false);
    expect(text.slice(place.from, place.from + 10)).toBe('{"id": "x"');
    expect(lineOf(text, place.to)).toBe(4);
    expect(locate('', '/a')).toEqual({ from: 0, to: 0, exact: false });
  });

  test('text that is broken behind the place still has it', () => {
    const broken = '{"a": {"b": 12, "c": [1, "open';
    expect(locate(broken, '/a/b')).toEqual({ from: 12, to: 14, exact: true });
    expect(locate(broken, '/a/zzz').exact).toBe(false);
    expect(locate('{"a" 1}', '/a').exact).toBe(false);
    expect(locate('[1 2]', '/1').exact).toBe(false);
  });
});

describe('values', () => {
  test('the order of members does not matter, everything else does', () => {
    expect(same({ a: 1, b: [1] }, { b: [1], a: 1 })).toBe(true);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(same({ a: undefined }, {})).toBe(false);
    expect(same(null, {})).toBe(false);
    expect(same([], {})).toBe(false);
  });

  test('a value is told in one short line, however large it is', () => {
    expect(shortValue({ a: [1, 'x'], b: null })).toBe('{"a": [1, "x"], "b": null}');
    expect(shortValue('x'.repeat(1_000_000)).length).toBeLessThanOrEqual(60);
    expect(shortValue(Array.from({ length: 100_000 }, (_, index) => index)).length).toBeLessThanOrEqual(60);
    expect(shortValue('🙂'.repeat(100), 10)).toBe(`"${'🙂'.repeat(8)}…`);
    expect(shortValue(undefined)).toBe('');
    expect(kindText([1, 2])).toBe('list of 2');
    expect(kindText({})).toBe('object of 0');
  });

  test('a mistake in JSON text comes with a reason', () => {
    expect(parseJson('{"a": 1}')).toEqual({ ok: true, value: { a: 1 } });
    const broken = parseJson('{"a": }');
    expect(broken.ok).toBe(false);
    if (!broken.ok) expect(broken.message.length).toBeGreaterThan(5);
  });
});
