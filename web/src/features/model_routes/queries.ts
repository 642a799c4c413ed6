// Names that stand for several models, tried in an order.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';

export type ModelRoute = Omit<Schemas['ModelRoute'], 'targets'> & { targets: Target[] };
export interface Target {
  model: string;
  weight?: number;
}
export const strategies = ['priority', 'weighted', 'latency'] as const;

export function useModelRoutes() {
  return useQuery({
    queryKey: ['model-routes'],
    queryFn: async ({ signal }) =>
      ((await data(api.GET('/api/v1/model-routes', { signal }))).items ?? []) as unknown as ModelRoute[],
  });
}

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['model-routes'] }) });
}

export const useSaveRoute = () =>
  useChange(({ name, body }: { name: string; body: Schemas['NewModelRoute'] }) =>
    data(api.PUT('/api/v1/model-routes/{name}', { params: { path: { name } }, body })),
  );

export const useDeleteRoute = () =>
  useChange(async (name: string) => {
    await api.DELETE('/api/v1/model-routes/{name}', { params: { path: { name } } });
  });
