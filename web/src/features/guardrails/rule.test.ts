import { describe, expect, it } from 'vitest';
import { emptyRule, ruleMistake, ruleTypes, sayRule } from './rule';

describe('the rule of a guardrail', () => {
  it('is told in words', () => {
    expect(sayRule({ type: 'detect', kinds: ['email', 'card'], action: 'block' })).toBe('refuses email, card');
    expect(sayRule({ type: 'pattern', pattern: 'bluebird' })).toBe('takes out what fits bluebird');
    expect(sayRule({ type: 'size', max_messages: 20 })).toBe('refuses more than 20 messages');
    expect(sayRule({ type: 'tools', allow: ['search*'] })).toBe('allows the tools search*');
  });
  it('cannot be saved without what it judges by', () => {
    expect(ruleMistake({ type: 'pattern', pattern: '' })).toBe('A pattern');
    expect(ruleMistake({ type: 'detect', kinds: [] })).toBe('At least one kind');
    expect(ruleMistake({ type: 'size' })).toBe('A size');
  });
  it('of each type begins as something that can be told', () => {
    for (const type of ruleTypes) expect(sayRule(emptyRule(type))).not.toBe('');
  });
});
