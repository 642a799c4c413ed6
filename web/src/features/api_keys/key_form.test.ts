import { describe, expect, it } from 'vitest';
import { emptyForm, keyOf, keyState, limitsOf } from './key_form';
import type { ApiKey } from './queries';

const now = Date.parse('2026-11-26T12:00:00Z');

describe('an API key', () => {
  it('is limited only where something was said', () => {
    expect(keyOf({ ...emptyForm, name: ' ci ' }, now)).toEqual({
      name: 'ci',
      role: 'developer',
      expires_at: '2027-02-24T12:00:00.000Z',
    });
    expect(keyOf({ ...emptyForm, name: 'ci', models: ['gpt-*'], requests: 60, budget: '5' }, now)).toMatchObject({
      models: ['gpt-*'],
      requests_per_minute: 60,
      budget: { limit_usd: '5', window: 'month' },
    });
  });

  it('has ended when its time came or it was revoked', () => {
    const key = { expires_at: '2026-11-26T11:59:59Z' } as ApiKey;
    expect(keyState(key, now)).toBe('expired');
    expect(keyState({ ...key, revoked_at: '2026-11-01T00:00:00Z' }, now)).toBe('revoked');
    expect(keyState({ expires_at: null } as ApiKey, now)).toBe('active');
  });

  it('tells its limits in words', () => {
    expect(limitsOf({ flows: ['triage'], tokens_per_minute: 12000 } as ApiKey)).toEqual([
      'flows triage',
      '12,000 tokens a minute',
    ]);
    expect(limitsOf({ models: null, projects: [] } as unknown as ApiKey)).toEqual([]);
  });
});
