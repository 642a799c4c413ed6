import { describe, expect, it } from 'vitest';
import { kindOfWho, sayScope, sayWho } from './say_who';

const ada = 'usr_01m8cv7ynmf2bt8nn2etq8t2ww';
const ci = 'key_01m8cv7ynmf2bt8nn2etq8t2wx';

describe('who did something', () => {
  it('is said by name where the name is known', () => {
    const names = { people: new Map([[ada, 'Ada']]), keys: new Map([[ci, 'ci']]) };
    expect(sayWho(ada, names)).toBe('Ada');
    expect(sayWho(ada, { ...names, self: ada })).toBe('Ada (you)');
    expect(sayWho(ci, names)).toBe('the key ci');
  });

  it('is never an id', () => {
    expect(sayWho(ada, {})).toBe('a member');
    expect(sayWho(ada, { self: ada })).toBe('you');
    expect(sayWho(ada, { people: new Map() })).toBe('a former member');
    expect(sayWho(ci, {})).toBe('an API key');
    expect(sayWho('ses_01m8cv7ynmf2bt8nn2etq8t2wy', {})).toBe('someone with a one-time link');
    expect(sayWho('run_01m8cv7ynmf2bt8nn2etq8t2wy', {})).toBe('a run');
  });

  it('names the scope of a limit too', () => {
    const say = (id: string) => sayWho(id, { people: new Map([[ada, 'Ada']]), keys: new Map([[ci, 'ci']]) });
    expect(sayScope({ type: 'workspace', id: '' }, say)).toBe('workspace');
    expect(sayScope({ type: 'flow', id: 'triage' }, say)).toBe('flow triage');
    expect(sayScope({ type: 'user', id: ada }, say)).toBe('user Ada');
    expect(sayScope({ type: 'api_key', id: ci }, say)).toBe('the key ci');
  });

  it('stays as it is when it is a name already', () => {
    expect(sayWho('Ada', {})).toBe('Ada');
    expect(sayWho('usr_short', {})).toBe('usr_short');
    expect(sayWho('local', {})).toBe('the command line of the server');
    expect(kindOfWho('Ada')).toBeUndefined();
  });
});
