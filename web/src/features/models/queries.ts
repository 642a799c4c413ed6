// Models that can be called, and the dated versions of their prices.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type Model = Schemas['Model'];
export type ModelPrice = Schemas['ModelPrice'];

export function useModels(provider: string) {
  return useCursorList<Model>(['models', 'list', provider], ({ cursor, signal }) =>
    data(
      api.GET('/api/v1/models', {
        params: { query: { provider: provider || undefined, limit: 100, cursor } },
        signal,
      }),
    ),
  );
}

export function usePrices(provider: string, model: string) {
  return useQuery({
    queryKey: ['models', 'prices', provider, model],
    queryFn: async ({ signal }) =>
      (await data(api.GET('/api/v1/models/prices', { params: { query: { provider, model } }, signal }))).items ?? [],
  });
}

export interface Imported {
  [what: string]: unknown;
}

export function useImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ catalogue, dryRun }: { catalogue: unknown; dryRun: boolean }) =>
      (await data(
        api.POST('/api/v1/models/import', {
          params: { query: dryRun ? { dry_run: 'true' as never } : {} },
          body: catalogue as never,
        }),
      )) as Imported,
    onSettled: () => client.invalidateQueries({ queryKey: ['models'] }),
  });
}
