// What is typed about a provider, and what the API is told. Pure.

import type { NewProvider, Provider, ProviderModel } from './queries';

export interface ProviderForm {
  name: string;
  type: NewProvider['type'];
  base_url: string;
  api_key: string;
  region: string;
  api_version: string;
  enabled: boolean;
  models: ProviderModel[];
}

export const emptyForm: ProviderForm = {
  name: '',
  type: 'openai',
  base_url: '',
  api_key: '',
  region: '',
  api_version: '',
  enabled: true,
  models: [],
};

export function formOf(provider: Provider): ProviderForm {
  const settings = (provider.settings ?? {}) as Record<string, unknown>;
  const text = (name: string) => (typeof settings[name] === 'string' ? (settings[name] as string) : '');
  return {
    name: provider.name,
    type: provider.type as NewProvider['type'],
    base_url: provider.base_url ?? '',
    api_key: '',
    region: text('region'),
    api_version: text('api_version'),
    enabled: provider.enabled,
    models: provider.models,
  };
}

/** Where the vendor's own address does not do. */
export const needsAddress = (type: NewProvider['type']): boolean =>
  type === 'openai_compatible' || type === 'azure_openai';

/** `before`: the provider that is changed; a key that was not typed stays as it is. */
export function providerOf(form: ProviderForm, before?: Provider): NewProvider {
  const settings: Record<string, unknown> = { ...(before?.settings ?? {}) };
  if (form.type === 'bedrock') settings.region = form.region.trim();
  if (form.type === 'azure_openai' && form.api_version.trim()) settings.api_version = form.api_version.trim();
  return {
    name: form.name.trim(),
    type: form.type,
    enabled: form.enabled,
    models: form.models.filter((model) => model.id.trim() !== '').map(trimmed),
    ...(form.base_url.trim() ? { base_url: form.base_url.trim() } : {}),
    ...(form.api_key ? { api_key: form.api_key } : {}),
    ...(Object.keys(settings).length > 0 ? { settings: settings as never } : {}),
  };
}

/** Empty prices are not said: the catalogue's hold then. */
function trimmed(model: ProviderModel): ProviderModel {
  const kept = Object.entries(model).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return { ...(Object.fromEntries(kept) as ProviderModel), id: model.id.trim() };
}

export function formMistake(form: ProviderForm): string | undefined {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(form.name.trim())) return 'A name of letters, digits, dots, - and _';
  if (form.name === 'agent' || form.name === 'flow') return 'agent and flow are reserved names';
  if (needsAddress(form.type) && !/^https?:\/\//.test(form.base_url.trim()))
    return 'An address that begins with http:// or https://';
  if (form.type === 'bedrock' && form.region.trim() === '') return 'A region, such as eu-central-1';
  return undefined;
}
