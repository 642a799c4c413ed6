import { describe, expect, test } from 'vitest';
import { renameInText } from './rename';
import { hasTemplate, isWholeTemplate, templatesIn, wordsOf } from './templates';

const expressions = (text: string) => templatesIn(text).map((one) => text.slice(one.exprFrom, one.exprTo).trim());

describe('templates', () => {
  test('every template of a text is found, also on several lines', () => {
    expect(expressions('Dear {{ input.name }},\n{{\n  vars.x\n}}')).toEqual(['input.name', 'vars.x']);
  });

  test('braces in strings and in map literals do not end a template', () => {
    expect(expressions("{{ '}}' }} and {{ '{{' }}")).toEqual(["'}}'", "'{{'"]);
    expect(expressions("{{ {'a': {'b': 1}} }}")).toEqual(["{'a': {'b': 1}}"]);
    expect(expressions("{{ r'\\' + '''it's }}''' }}!")).toEqual(["r'\\' + '''it's }}'''"]);
    expect(expressions("{{ 'it\\'s }}' }}")).toEqual(["'it\\'s }}'"]);
  });

  test('a template that is still being written is open to the end', () => {
    expect(templatesIn('a {{ input.')).toEqual([{ from: 2, to: 11, exprFrom: 4, exprTo: 11, closed: false }]);
    expect(templatesIn("{{ 'open")[0]?.closed).toBe(false);
  });

  test('only a template alone keeps its type', () => {
    expect(isWholeTemplate('{{ input.items }}')).toBe(true);
    expect(isWholeTemplate(' {{ input.items }}')).toBe(false);
    expect(isWholeTemplate('{{ a }}{{ b }}')).toBe(false);
    expect(isWholeTemplate('{{ a')).toBe(false);
    expect(hasTemplate({ a: [{ b: '{{ x }}' }] })).toBe(true);
    expect(hasTemplate({ a: ['{ x }', 3] })).toBe(false);
  });
});

describe('words', () => {
  const kinds = (text: string) => wordsOf(text).map((word) => `${text.slice(word.from, word.to)} ${word.kind}`);

  test('names, members, calls and values are told apart', () => {
    expect(kinds("input.?note.orValue('x') + 1.5 > 0x1fu && true")).toEqual([
      'input name',
      '.? operator',
      'note member',
      '. operator',
      'orValue call',
      '( operator',
      "'x' string",
      ') operator',
      '+ operator',
      '1.5 number',
      '> operator',
      '0x1fu number',
      '&& operator',
      'true keyword',
    ]);
  });

  test('what is not finished or not known is still coloured', () => {
    expect(kinds("input. 'open")).toEqual(['input name', '. operator', "'open string"]);
    expect(kinds('a # b')).toEqual(['a name', '# bad', 'b name']);
    expect(kinds('input.`content-type`')[2]).toBe('`content-type` member');
  });
});

describe('renaming in expressions', () => {
  const names = new Map([
    ['load', 'read'],
    ['old', 'new-one'],
  ]);

  test('every form in which a node is named follows', () => {
    expect(renameInText("nodes.load.output + nodes['load'].x + nodes.?old.y + nodes.old", names)).toBe(
      "nodes.read.output + nodes['read'].x + nodes.?`new-one`.y + nodes['new-one']",
    );
  });

  test('other names, members and strings stay', () => {
    const text = "nodes.loader + my.nodes.load + 'nodes.load' + load";
    expect(renameInText(text, names)).toBe(text);
    expect(renameInText('nodes.load {{ nodes.load }} nodes.load', names, true)).toBe(
      'nodes.load {{ nodes.read }} nodes.load',
    );
  });
});
