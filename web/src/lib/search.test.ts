import { describe, expect, it } from 'vitest';
import {
  flag,
  integer,
  isFiltered,
  listOf,
  oneOf,
  parseSearch,
  searchParams,
  stringifySearch,
  text,
  time,
} from './search';

const search = searchParams({
  status: listOf(['failed', 'running']),
  view: oneOf(['timeline', 'events'], 'timeline'),
  q: text(),
  page: integer(1, 1, 99),
  all: flag(),
  from: time(),
});

describe('parameters of the address', () => {
  it('unknown values are dropped, and the rest counts', () => {
    const values = search.parse({
      status: 'failed,exploded',
      view: 'pie',
      q: 'a b',
      page: '1e3',
      all: 'yes',
      from: 'soon',
      x: '1',
    });
    expect(values).toEqual({ status: ['failed'], view: 'timeline', q: 'a b', page: 1, all: false, from: '' });
  });
  it('what is said is read back the same', () => {
    const values = {
      status: ['failed' as const],
      view: 'events' as const,
      q: '50 % & more',
      page: 7,
      all: true,
      from: '2026-11-26T10:00:00Z',
    };
    expect(search.parse(parseSearch(stringifySearch(search.format(values))))).toEqual(values);
  });
  it('defaults leave the address', () => {
    expect(search.format(search.parse({}))).toEqual({});
  });
  it('what the address has but no text of is no value', () => {
    expect(search.parse({ q: { deep: 1 }, page: 7 }).q).toBe('');
  });
  it('filtered is what differs from the defaults in the named parameters', () => {
    expect(isFiltered(search, search.parse({ view: 'events' }), ['status', 'q'])).toBe(false);
    expect(isFiltered(search, search.parse({ q: 'x' }), ['status', 'q'])).toBe(true);
  });
});

describe('the text of an address', () => {
  it('numbers and braces stay texts', () => {
    expect(parseSearch('?q=1&r={"a"')).toEqual({ q: '1', r: '{"a"' });
  });
  it('empty values are left out, lists and times stay legible', () => {
    expect(stringifySearch({ a: '', b: undefined, s: 'x,y', t: '2026-11-26T10:00:00Z' })).toBe(
      '?s=x,y&t=2026-11-26T10:00:00Z',
    );
    expect(stringifySearch({})).toBe('');
  });
});
