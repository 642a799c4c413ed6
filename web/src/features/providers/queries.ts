// Providers: whose models are called, with which key, and how they do.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';

export type Provider = Schemas['Provider'];
export type NewProvider = Schemas['NewProvider'];
export type ProviderModel = Schemas['ProviderModel'];
export type Health = Schemas['ProviderHealth'];
export const types = ['openai', 'anthropic', 'gemini', 'openai_compatible', 'azure_openai', 'bedrock'] as const;

export function useProviders() {
  return useQuery({
    queryKey: ['providers', 'list'],
    queryFn: async ({ signal }) => (await data(api.GET('/api/v1/providers', { signal }))).items ?? [],
  });
}

/** Read anew while it is looked at: calls go on. */
export function useHealth(id: string) {
  return useQuery({
    queryKey: ['providers', 'health', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/providers/{id}/health', { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  });
}

function useChange<T, R>(change: (value: T) => Promise<R>) {
  const client = useQueryClient();
  // The key must not stay in memory as a variable of a finished mutation.
  return useMutation({
    mutationFn: change,
    gcTime: 0,
    onSettled: () => client.invalidateQueries({ queryKey: ['providers'] }),
  });
}

export const useCreateProvider = () => useChange((body: NewProvider) => data(api.POST('/api/v1/providers', { body })));

export const useChangeProvider = (id: string) =>
  useChange((body: NewProvider) => data(api.PUT('/api/v1/providers/{id}', { params: { path: { id } }, body })));

export const useDeleteProvider = (id: string) =>
  useChange(async () => {
    await api.DELETE('/api/v1/providers/{id}', { params: { path: { id } } });
  });

export const useCheck = (id: string) =>
  useChange(() => data(api.POST('/api/v1/providers/{id}/check', { params: { path: { id } } })));
