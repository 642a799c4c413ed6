import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json';
import {
  choicesOf,
  cleaned,
  durationMistake,
  fieldKind,
  isLong,
  mistakesIn,
  mistakeTree,
  prepare,
  takesSecrets,
  withoutNull,
} from './schema';
import { formValidator, mistakesOf } from './validator';

const http = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: { type: 'string', minLength: 1, 'x-secret': true },
    auth: { type: 'object', additionalProperties: false, 'x-secret': true, properties: { bearer: { type: 'string' } } },
    headers: { type: 'object', default: {}, 'x-secret': true },
    timeout: { type: 'string', default: '30s' },
    method: { type: 'string', enum: ['GET', 'POST'], default: 'GET' },
    limit: { type: 'integer', minimum: 1, maximum: 10 },
    tags: { type: 'array', items: { type: 'string' }, minItems: 1 },
    body: {},
  },
};

describe('controls', () => {
  test('each schema has its control', () => {
    const kinds = (schema: object, value?: unknown) => fieldKind(schema as never, value, true);
    expect(kinds({ type: 'string', 'x-expression': true })).toBe('expression');
    expect(kinds({ type: 'string' })).toBe('template');
    expect(fieldKind({ type: 'string' }, undefined, false)).toBe('text');
    expect(kinds({ type: 'string', 'x-default': '30s' })).toBe('duration');
    expect(kinds({ type: 'string', description: 'A duration such as 30s, 5m or 1h30m.' })).toBe('duration');
    expect(kinds({ type: 'string', enum: ['a'] })).toBe('choice');
    expect(kinds({ type: 'integer' })).toBe('number');
    expect(kinds({ type: 'boolean' })).toBe('boolean');
    expect(kinds({ type: 'object' })).toBe('map');
    expect(kinds({ type: 'object', additionalProperties: { type: 'string' } })).toBe('map');
    expect(kinds({ type: 'object', properties: { a: {} } })).toBe('parts');
    expect(kinds({ type: 'array', items: { type: 'string' } })).toBe('parts');
    expect(kinds({ type: 'array' })).toBe('any');
    expect(kinds({ type: ['string', 'null'] })).toBe('any');
    expect(kinds({ anyOf: [{ type: 'string' }, { type: 'object' }] })).toBe('any');
    expect(kinds({ title: 'Body' })).toBe('any');
    expect(kinds({ type: 'object', 'x-body': true })).toBe('body');
    expect(kinds({ type: 'object', description: 'The JSON Schema that the answer must keep.' })).toBe('any');
  });

  test('a template in the place of a value of another type is edited as one', () => {
    for (const type of ['array', 'integer', 'boolean', 'object']) {
      expect(fieldKind({ type, items: { type: 'string' } }, '{{ input.x }}', true)).toBe('template');
    }
    expect(fieldKind({ type: 'string', enum: ['a'] }, '{{ input.x }}', true)).toBe('template');
    expect(fieldKind({ type: 'integer' }, '{{ input.x }}', false)).toBe('any');
  });

  test('a value that its control cannot show goes to the JSON editor instead of being lost', () => {
    expect(fieldKind({ type: 'integer' }, 'twelve', true)).toBe('any');
    expect(fieldKind({ type: 'string' }, { a: 1 }, true)).toBe('any');
    expect(fieldKind({ type: 'string', enum: ['a'] }, 'b', true)).toBe('any');
    expect(fieldKind({ type: 'object', properties: { a: {} } }, [1], true)).toBe('any');
    expect(fieldKind({ type: 'array', items: { type: 'string' } }, { a: 1 }, true)).toBe('any');
    expect(fieldKind({ type: 'string', 'x-expression': true }, 3, true)).toBe('any');
  });

  test('a field that may be null is the field, left out', () => {
    expect(withoutNull({ anyOf: [{ type: 'integer' }, { type: 'null' }], title: 'N' })).toEqual({
      type: 'integer',
      title: 'N',
    });
    expect(withoutNull({ type: ['string', 'null'] })).toEqual({ type: 'string' });
    const others: JsonObject[] = [
      { type: ['string', 'number', 'null'] },
      { anyOf: [{ type: 'string' }, { type: 'object' }] },
      { type: 'null' },
      {},
    ];
    for (const schema of others) {
      expect(withoutNull(schema)).toBe(schema);
    }
  });

  test('choices come from enums and from constants with titles', () => {
    expect(choicesOf({ enum: ['a', 1, null] }).map((one) => one.label)).toEqual(['a', '1', 'null']);
    expect(choicesOf({ oneOf: [{ const: 'x', title: 'Ex' }] })).toEqual([{ value: 'x', label: 'Ex' }]);
  });

  test('durations are checked unless they hold a template', () => {
    for (const good of ['', '30s', '1h30m', '250ms', '1.5h', '{{ vars.wait }}'])
      expect(durationMistake(good)).toBeUndefined();
    for (const bad of ['30', 'soon', '1 h', 's']) expect(durationMistake(bad)).toContain('30s');
  });

  test('long texts have room', () => {
    expect(isLong({ type: 'string' }, 'prompt', undefined)).toBe(true);
    expect(isLong({ type: 'string' }, 'url', 'a\nb')).toBe(true);
    expect(isLong({ type: 'string' }, 'url', 'a')).toBe(false);
  });

  test('secrets may be named where the schema or one around it says so', () => {
    expect(takesSecrets(http, ['url'])).toBe(true);
    expect(takesSecrets(http, ['auth', 'bearer'])).toBe(true);
    expect(takesSecrets(http, ['headers', 'Accept'])).toBe(true);
    expect(takesSecrets(http, ['timeout'])).toBe(false);
    expect(takesSecrets(http, ['tags', 0])).toBe(false);
    expect(takesSecrets(http, [])).toBe(false);
  });
});

describe('what a form writes', () => {
  test('defaults are shown, never written: they leave the schema', () => {
    const text = JSON.stringify(prepare(http));
    expect(text).not.toContain('"default"');
    expect(text).toContain('"x-default":"30s"');
    expect(prepare(true)).toEqual({ title: '' });
    expect((prepare(http).properties as { body: object }).body).toEqual({ title: '' });
    expect(prepare({ properties: { default: { type: 'string' } } }).properties as object).toHaveProperty('default');
  });

  test('an optional object whose last member was cleared goes, others stay', () => {
    const before = { url: 'x', auth: { bearer: 't' } };
    expect(cleaned({ url: 'x', auth: {} }, before, http)).toEqual({ url: 'x' });
    expect(cleaned({ url: 'x', auth: { bearer: undefined } }, before, http)).toEqual({ url: 'x' });
    expect(cleaned({ url: 'x', headers: {} }, { url: 'x', headers: { a: 1 } }, http)).toEqual({
      url: 'x',
      headers: {},
    });
    expect(cleaned({ url: undefined, tags: [] }, {}, http)).toEqual({ tags: [] });
    expect(
      cleaned({ list: [{}] }, { list: [{ a: 1 }] }, { properties: { list: { items: { properties: { a: {} } } } } }),
    ).toEqual({ list: [{}] });
  });
});

describe('mistakes', () => {
  test('they reach their fields by pointer, and what is below a field is told with its place', () => {
    const tree = mistakeTree([
      { pointer: '/url', message: 'bad' },
      { pointer: '/body/a~1b/0', message: 'worse' },
      { pointer: '', message: 'all' },
      { pointer: '/url', message: 'bad' },
    ]);
    expect(tree).toEqual({
      __errors: ['all'],
      url: { __errors: ['bad'] },
      body: { 'a/b': { 0: { __errors: ['worse'] } } },
    });
    expect(mistakesIn(tree.body)).toEqual([{ place: 'a/b.0', message: 'worse' }]);
  });

  test('hostile names do no harm', () => {
    expect(Object.keys(mistakeTree([{ pointer: '/__proto__/x', message: 'm' }]))).toEqual(['__errors']);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('a schema judges by field, in words', () => {
    const told = mistakesOf(
      http,
      { url: '', limit: 11, method: 'PUT', tags: [], timeout: 3, nobody: 1 } as never,
      true,
    );
    expect(Object.fromEntries(told.map((one) => [one.pointer, one.message]))).toEqual({
      '/url': 'This must not be empty.',
      '/limit': 'Give at most 10.',
      '/method': 'Choose one of "GET", "POST".',
      '/tags': 'Give at least one entry.',
      '/timeout': 'Give a text.',
      '/nobody': 'There is no such field.',
    });
    expect(mistakesOf(http, {}, true)).toEqual([{ pointer: '/url', message: 'This is required.' }]);
    expect(mistakesOf(http, { url: 'x' }, true)).toEqual([]);
  });

  test('a template may stand for anything, where templates are allowed', () => {
    const value = {
      url: '{{ input.url }}',
      limit: '{{ input.limit }}',
      method: '{{ vars.m }}',
      tags: '{{ input.tags }}',
    } as never;
    expect(mistakesOf(http, value, true)).toEqual([]);
    expect(
      mistakesOf(http, value, false)
        .map((one) => one.pointer)
        .sort(),
    ).toEqual(['/limit', '/method', '/tags']);
  });

  test('of a choice of forms only the choice is told', () => {
    const schema = { properties: { a: { anyOf: [{ type: 'string' }, { type: 'object', required: ['key'] }] } } };
    expect(mistakesOf(schema, { a: 3 }, true)).toEqual([
      { pointer: '/a', message: 'This has none of the forms that are allowed here.' },
    ]);
    expect(mistakesOf(schema, { a: { key: 1 } }, true)).toEqual([]);
    expect(mistakesOf(schema, { a: { other: '{{ x }}' } }, true)).toEqual([]);
  });

  test('a schema that cannot be used says nothing', () => {
    expect(mistakesOf({ properties: { a: { pattern: '(' } } }, { a: 'x' }, true)).toEqual([]);
    expect(mistakesOf({ $ref: '#/nowhere' }, { a: 1 }, true)).toEqual([]);
    expect(mistakesOf(true, {}, true)).toEqual([]);
  });

  test('the validator finds definitions of the whole schema', () => {
    const root = { definitions: { who: { type: 'object', required: ['name'] } } } as never;
    const validator = formValidator(false);
    expect(validator.isValid({ $ref: '#/definitions/who' }, { name: 'x' }, root)).toBe(true);
    expect(validator.isValid({ $ref: '#/definitions/who' }, {}, root)).toBe(false);
    expect(validator.validateFormData({}, http as never).errorSchema).toEqual({
      url: { __errors: ['This is required.'] },
    });
  });
});
