import { describe, expect, it } from 'vitest';
import { emptyForm, formMistake, formOf, providerOf } from './provider_form';
import type { Provider } from './queries';

describe('a provider', () => {
  it('keeps its key and its settings when a change does not name them', () => {
    const before = {
      id: 'prv_1',
      name: 'cloud',
      type: 'bedrock',
      settings: { region: 'eu-central-1', account: 'x' },
      models: [{ id: 'm', input_usd_per_million: '1.5', output_usd_per_million: null }],
      enabled: true,
    } as unknown as Provider;
    expect(providerOf(formOf(before), before)).toEqual({
      name: 'cloud',
      type: 'bedrock',
      enabled: true,
      models: [{ id: 'm', input_usd_per_million: '1.5' }],
      settings: { region: 'eu-central-1', account: 'x' },
    });
  });

  it('of a compatible server needs its address', () => {
    const form = { ...emptyForm, name: 'local', type: 'openai_compatible' as const };
    expect(formMistake(form)).toMatch(/address/);
    expect(formMistake({ ...form, base_url: 'http://127.0.0.1:11434/v1' })).toBeUndefined();
  });

  it('cannot take a reserved name', () => {
    expect(formMistake({ ...emptyForm, name: 'flow' })).toMatch(/reserved/);
  });

  it('leaves out models without a name', () => {
    expect(providerOf({ ...emptyForm, name: 'a', models: [{ id: ' ' }, { id: ' gpt ' }] }).models).toEqual([
      { id: 'gpt' },
    ]);
  });
});
