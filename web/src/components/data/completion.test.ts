import { describe, expect, test } from 'vitest';
import {
  type CelFunction,
  expressionAround,
  expressionOf,
  insertion,
  offersAt,
  pathBefore,
  receiverOf,
  type SampleScope,
  sampleAt,
} from './completion';
import { lackOf, namesSecret, offsetOf, requestOf } from './preview';

const scope: SampleScope = {
  input: { text: 'hi', 'content-type': 'json', rows: [{ id: 7, tags: ['a'] }] },
  nodes: { load: { output: { size: 3, ok: true } }, 'my-node': { output: [1, 2] } },
  vars: { limit: 10 },
};
const functions: CelFunction[] = [
  { kind: 'function', name: 'size', signature: 'size(x) -> int', doc: '' },
  { kind: 'function', name: 'math.abs', signature: 'math.abs(x) -> number', doc: '' },
  { kind: 'method', name: 'size', signature: 'x.size() -> int', doc: '' },
  { kind: 'method', name: 'split', signature: 'text.split(separator, limit?) -> list', doc: '' },
  { kind: 'method', name: 'join', signature: 'list.join(separator?) -> string', doc: '' },
  { kind: 'macro', name: 'filter', signature: 'list.filter(x, condition) -> list', doc: '' },
  { kind: 'macro', name: 'transformMap', signature: 'map.transformMap(k, v, value) -> map', doc: '' },
  { kind: 'macro', name: 'has', signature: 'has(input.name) -> bool', doc: '' },
  { kind: 'macro', name: 'cel.bind', signature: 'cel.bind(name, value, expression) -> any', doc: '' },
];
const labels = (text: string, options = {}) => {
  const at = text.includes('|') ? text.indexOf('|') : text.length;
  return offersAt(text.replace('|', ''), at, scope, options)?.offers.map((one) => one.label);
};

describe('paths', () => {
  test('a path is written as CEL reads it', () => {
    expect(expressionOf(['nodes', 'load', 'output', 0, 'a b', 'c'])).toBe("nodes.load.output[0]['a b'].c");
    expect(expressionOf(['nodes', 'my-node', 'output'])).toBe("nodes['my-node'].output");
    expect(expressionOf(['input', 'in', "it's\\"])).toBe("input['in']['it\\'s\\\\']");
  });

  test('the path before a dot is read in every form', () => {
    expect(pathBefore('size(nodes.load.output')).toEqual(['nodes', 'load', 'output']);
    expect(pathBefore("a + input['content-type']")).toEqual(['input', 'content-type']);
    expect(pathBefore('input.rows[0].tags[12]')).toEqual(['input', 'rows', 0, 'tags', 12]);
    expect(pathBefore('input.?rows[?0].`x-y`')).toEqual(['input', 'rows', 0, 'x-y']);
    expect(pathBefore('f(x)')).toBeUndefined();
    expect(pathBefore('f(x).y')).toBeUndefined();
    expect(pathBefore('')).toBeUndefined();
  });

  test('what reads a path is what wrote it', () => {
    for (const path of [
      ['nodes', 'my-node', 'output', 3],
      ['input', 'a.b', "q'q", 'in'],
      ['vars', 'x'],
    ]) {
      expect(pathBefore(expressionOf(path))).toEqual(path);
    }
  });

  test('a sample that lacks a member has nothing there', () => {
    expect(sampleAt(scope, ['input', 'rows', 0, 'id'])).toBe(7);
    expect(sampleAt(scope, ['input', 'constructor'])).toBeUndefined();
    expect(sampleAt(scope, ['input', 'text', 'length'])).toBeUndefined();
  });
});

describe('offers', () => {
  test('at the beginning of a word: names in scope, functions, and secrets only where they are allowed', () => {
    expect(labels('in', { functions })).toEqual(['input', 'nodes', 'vars', 'size', 'math.abs', 'has', 'cel.bind']);
    expect(labels('', { secrets: ['token'] })).toContain('secrets');
    expect(labels('')).not.toContain('secrets');
    expect(labels('secrets.', { secrets: ['token'] })).toEqual(['token']);
    expect(labels('secrets.')).toEqual([]);
  });

  test('behind a dot: members of the sample, and what the value can do', () => {
    expect(labels('input.', { functions })).toEqual(['text', 'content-type', 'rows', 'size', 'filter', 'transformMap']);
    expect(labels('input.text.sp', { functions })).toEqual(['size', 'split']);
    expect(labels('1 + nodes.load.output.| + 2')).toEqual(['size', 'ok']);
    expect(labels('input.rows.', { functions })).toEqual(['[0]', 'size', 'join', 'filter']);
    expect(labels('f(x).', { functions })).toEqual(['size', 'split', 'join', 'filter', 'transformMap']);
    expect(labels('1.', { functions })).toEqual(labels('', { functions }));
  });

  test('a member that is no name replaces its dot', () => {
    const found = offersAt('nodes.', 6, scope);
    expect(found?.offers[1]).toMatchObject({ label: 'my-node', text: "['my-node']", from: 5 });
    expect(found?.offers[0]?.text).toBeUndefined();
    expect(offersAt('input.rows.', 11, scope)?.offers[0]).toMatchObject({ text: '[0]', from: 10 });
  });

  test('in brackets the keys are offered, and closed unless they are', () => {
    expect(offersAt("nodes['my", 9, scope)?.offers[1]).toMatchObject({ label: 'my-node', text: "my-node']" });
    expect(offersAt("nodes['']", 7, scope)?.offers[0]?.text).toBe('load');
    expect(offersAt("nodes['']", 7, scope)?.from).toBe(7);
  });

  test('nodes and names without a sample are offered too, and say so', () => {
    const options = { missing: ['later', 'load'], names: ['item'] };
    expect(labels('nodes.', { ...options, functions })).toEqual(['load', 'my-node', 'later']);
    expect(offersAt('nodes.', 6, scope, options)?.offers[2]?.detail).toBe('no sample');
    expect(labels('', options)).toEqual(['input', 'nodes', 'vars', 'item']);
    expect(offersAt('', 0, {}, options)?.offers.map((one) => one.label)).toEqual(['nodes', 'item']);
  });

  test('inside a string nothing is offered', () => {
    expect(labels("input.text == 'in")).toBeUndefined();
    expect(labels("'a' + in")).toContain('input');
  });

  test('members tell their type and value', () => {
    expect(offersAt('input.', 6, scope)?.offers.map((one) => one.detail)).toEqual([
      'string "hi"',
      'string "json"',
      'list of 1',
    ]);
  });

  test('a method is told from a function by its row', () => {
    expect(functions.map(receiverOf)).toEqual([
      undefined,
      undefined,
      'x',
      'text',
      'list',
      'list',
      'map',
      undefined,
      undefined,
    ]);
  });
});

describe('writing into a field', () => {
  test('braces are put around a path unless it lands between braces, or the field is an expression', () => {
    expect(insertion('Dear ', 5, 'input.text', 'template')).toBe('{{ input.text }}');
    expect(insertion('Dear {{  }}', 8, 'input.text', 'template')).toBe('input.text');
    expect(insertion('a == ', 5, 'input.text', 'expression')).toBe('input.text');
  });

  test('only what stands in braces is completed in a template', () => {
    expect(expressionAround('Dear {{ in }}', 10, 'template')).toEqual({ from: 7, to: 11 });
    expect(expressionAround('Dear {{ in }}', 3, 'template')).toBeUndefined();
    expect(expressionAround('a', 1, 'expression')).toEqual({ from: 0, to: 1 });
  });
});

describe('preview', () => {
  test('only what has an expression is asked', () => {
    expect(requestOf('plain', 'template')).toBeUndefined();
    expect(requestOf('{{  }}', 'template')).toBeUndefined();
    expect(requestOf('a {{ b }}', 'template')).toEqual({ template: 'a {{ b }}' });
    expect(requestOf('  ', 'expression')).toBeUndefined();
    expect(requestOf('a > 1', 'expression')).toEqual({ expression: 'a > 1' });
  });

  test('a text that names a secret is not sent', () => {
    expect(namesSecret('Bearer {{ secrets.token }}', 'template')).toBe(true);
    expect(namesSecret("secrets of {{ input.secrets + 'secrets' }}", 'template')).toBe(false);
  });

  test('what has no sample is no mistake of the text', () => {
    const unsampled = { names: ['item', 'index'], missing: ['later', 'b-c'] };
    expect(lackOf('{{ item.x }}', 'template', scope, unsampled)).toContain('item');
    expect(lackOf('item.x > 1', 'expression', { ...scope, item: 1 }, unsampled)).toBeUndefined();
    expect(lackOf("nodes.later.output || nodes['b-c'].output", 'expression', scope, unsampled)).toContain('later');
    expect(lackOf("nodes['b-c'].output", 'expression', scope, unsampled)).toContain('b-c');
    expect(lackOf('nodes.load.output + nodes.typo.x', 'expression', scope, unsampled)).toBeUndefined();
    expect(lackOf('input.x', 'expression', {}, unsampled)).toContain("run's input");
    expect(lackOf('item is text, {{ vars.limit }}', 'template', scope, unsampled)).toBeUndefined();
  });

  test('line and column become an offset, counted in characters', () => {
    expect(offsetOf('ab\n🙂x', { line: 2, column: 2 })).toBe(5);
    expect(offsetOf('ab', { line: 1, column: 9 })).toBe(2);
    expect(offsetOf('ab', { line: 3, column: 1 })).toBe(2);
  });
});
