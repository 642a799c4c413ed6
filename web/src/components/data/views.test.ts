import { describe, expect, test } from 'vitest';
import { Pretty, pretty } from './pretty';
import { findIn, isReference, openAtFirst, rowsOf } from './rows';
import { shapeOf, tableOf } from './shape';

describe('rows of a tree', () => {
  const value = { a: { b: [1, { c: 'x' }], e: {} }, 'd/e': null };

  test('only what is open is listed, with its place', () => {
    expect(rowsOf(value, new Set()).map((row) => row.pointer)).toEqual(['/a', '/d~1e']);
    const rows = rowsOf(value, new Set(['/a', '/a/b']));
    expect(rows.map((row) => `${row.depth} ${row.pointer} ${row.place}/${row.siblings}`)).toEqual([
      '0 /a 1/2',
      '1 /a/b 1/2',
      '2 /a/b/0 1/2',
      '2 /a/b/1 2/2',
      '1 /a/e 2/2',
      '0 /d~1e 2/2',
    ]);
    expect(rows[3]?.path).toEqual(['a', 'b', 1]);
    expect(rows[4]?.expandable).toBe(false);
  });

  test('a simple value is one row', () => {
    expect(rowsOf('x', new Set())).toMatchObject([{ pointer: '', value: 'x', expandable: false }]);
    expect(rowsOf([], new Set())).toHaveLength(1);
  });

  test('large lists stay closed at first', () => {
    const wide = { small: { x: 1 }, wide: Array.from({ length: 500 }, (_, index) => index) };
    expect([...openAtFirst(wide, 2)]).toEqual(['/small']);
    expect([...openAtFirst(wide, 1)]).toEqual([]);
  });

  test('a search opens what leads to its matches, in names and in values', () => {
    expect(findIn(value, 'X')).toEqual({ matches: ['/a/b/1/c'], open: new Set(['/a', '/a/b', '/a/b/1']) });
    expect(findIn(value, 'd/E').matches).toEqual(['/d~1e']);
    expect(findIn(value, ' ').matches).toEqual([]);
  });

  test('a reference to an artifact is one row, and what only looks like one is not', () => {
    expect(isReference({ $artifact: 'art_1', name: 'a.csv' })).toBe(true);
    expect(isReference({ $artifact: 'javascript:alert(1)' })).toBe(false);
    expect(rowsOf({ file: { $artifact: 'art_1' } }, new Set(['/file']))).toHaveLength(1);
  });
});

describe('shapes', () => {
  test('a list of objects has one shape, with what is not always there', () => {
    expect(
      shapeOf([
        { id: 1, note: null },
        { id: 2.5, tags: ['x'] },
      ]),
    ).toEqual([{ id: 'number', 'note?': 'null', 'tags?': ['string'] }]);
    expect(shapeOf([{ a: null }, { a: 'x' }])).toEqual([{ a: 'null or string' }]);
    expect(shapeOf([])).toEqual([]);
    expect(shapeOf(3)).toBe('integer');
  });

  test('values of several kinds are told apart', () => {
    expect(shapeOf([1, { a: 1 }, [true]])).toEqual([
      { 'one of': { integer: 'integer', object: { a: 'integer' }, list: ['boolean'] } },
    ]);
  });

  test('an object with very many members is a map', () => {
    const map = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`k${index}`, { n: index }]));
    expect(shapeOf(map)).toEqual({ 'any of 150 names': { n: 'integer' } });
  });
});

describe('tables', () => {
  test('a list of mostly flat objects is a table of all their members', () => {
    expect(tableOf([{ a: 1 }, { b: 'x', a: 2, c: [1] }])?.columns).toEqual(['a', 'b', 'c']);
  });

  test('anything else is none', () => {
    for (const value of [[], [1], { a: 1 }, [{ a: {} }], [{}], null, [{ a: 1 }, 2]])
      expect(tableOf(value)).toBeUndefined();
  });

  test('columns that are too many are counted', () => {
    const row = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, 1]));
    expect(tableOf([row])).toMatchObject({ more: 10 });
  });
});

describe('pretty text', () => {
  const value = { a: [1, [], {}, { b: 'x, "{[:' }], c: { d: null, e: -1.5e3 }, f: 'ü\\', g: [] };

  test('it is what JSON.stringify writes with two spaces', () => {
    expect(pretty(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    expect(pretty(JSON.stringify(value, null, 4))).toBe(JSON.stringify(value, null, 2));
    for (const simple of ['1', '"a b"', 'null', '[]', '{}', '[[[]]]', '[{}]'])
      expect(pretty(simple)).toBe(JSON.stringify(JSON.parse(simple), null, 2));
  });

  test('parts that end anywhere give the same text', () => {
    const text = JSON.stringify(value);
    for (let size = 1; size < 12; size++) {
      const printer = new Pretty();
      let out = '';
      for (let at = 0; at < text.length; at += size) out += printer.push(text.slice(at, at + size));
      expect(out).toBe(JSON.stringify(value, null, 2));
    }
  });

  test('text that is no JSON does not break it', () => {
    expect(pretty(']]}}')).toBe('\n]\n]\n}\n}');
    expect(pretty('')).toBe('');
  });
});
