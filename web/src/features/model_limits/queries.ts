// Limits on calls of models: requests and tokens a minute, and which models may be called.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type ModelLimit = Schemas['ModelLimit'];
export type NewModelLimit = Schemas['NewModelLimit'];
export type ScopeType = NewModelLimit['scope']['type'];
export const scopeTypes = ['workspace', 'project', 'flow', 'agent', 'api_key', 'user', 'model'] as const;

export function useModelLimits() {
  return useCursorList<ModelLimit>(
    ['model-limits'],
    ({ cursor, signal }) => data(api.GET('/api/v1/model-limits', { params: { query: { limit: 50, cursor } }, signal })),
    { refetchInterval: 15_000 },
  );
}

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['model-limits'] }) });
}

export const useCreateLimit = () =>
  useChange((body: NewModelLimit) => data(api.POST('/api/v1/model-limits', { body })));

export const useEditLimit = () =>
  useChange(({ id, body }: { id: string; body: Schemas['ModelLimitChange'] }) =>
    data(api.PUT('/api/v1/model-limits/{id}', { params: { path: { id } }, body })),
  );

export const useDeleteLimit = () =>
  useChange(async (id: string) => {
    await api.DELETE('/api/v1/model-limits/{id}', { params: { path: { id } } });
  });
