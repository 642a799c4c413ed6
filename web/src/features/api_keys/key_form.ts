// What is typed about a key, and what the API is told. Pure.

import type { ApiKey, NewApiKey } from './queries';

export interface KeyForm {
  name: string;
  role: string;
  projects: string[];
  flows: string[];
  networks: string[];
  models: string[];
  days: number;
  requests: number | '';
  tokens: number | '';
  budget: string;
  window: 'hour' | 'day' | 'week' | 'month' | 'total';
}

export const emptyForm: KeyForm = {
  name: '',
  role: 'developer',
  projects: [],
  flows: [],
  networks: [],
  models: [],
  days: 90,
  requests: '',
  tokens: '',
  budget: '',
  window: 'month',
};

/** Only what was said: what is left empty is not limited. */
export function keyOf(form: KeyForm, now = Date.now()): NewApiKey {
  return {
    name: form.name.trim(),
    role: form.role,
    expires_at: new Date(now + form.days * 86_400_000).toISOString(),
    ...(form.projects.length > 0 ? { projects: form.projects } : {}),
    ...(form.flows.length > 0 ? { flows: form.flows } : {}),
    ...(form.networks.length > 0 ? { networks: form.networks } : {}),
    ...(form.models.length > 0 ? { models: form.models } : {}),
    ...(form.requests === '' ? {} : { requests_per_minute: form.requests }),
    ...(form.tokens === '' ? {} : { tokens_per_minute: form.tokens }),
    ...(form.budget.trim() === '' ? {} : { budget: { limit_usd: form.budget.trim(), window: form.window } }),
  };
}

export type KeyState = 'active' | 'expired' | 'revoked';

export function keyState(key: ApiKey, now = Date.now()): KeyState {
  if (key.revoked_at) return 'revoked';
  return key.expires_at && Date.parse(key.expires_at) <= now ? 'expired' : 'active';
}

/** What a key is limited to, in words; empty: nothing but its role. */
export function limitsOf(key: ApiKey): string[] {
  const said: string[] = [];
  const list = (what: string, names: string[] | null | undefined) => {
    if (names && names.length > 0) said.push(`${what} ${names.join(', ')}`);
  };
  list('projects', key.projects);
  list('flows', key.flows);
  list('networks', key.networks);
  list('models', key.models);
  if (key.requests_per_minute) said.push(`${key.requests_per_minute.toLocaleString('en-US')} calls a minute`);
  if (key.tokens_per_minute) said.push(`${key.tokens_per_minute.toLocaleString('en-US')} tokens a minute`);
  return said;
}
