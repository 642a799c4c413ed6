// Rules that requests and answers are judged by, and what is kept of calls.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import type { Rule } from './rule';

export type NewGuardrail = Schemas['NewGuardrail'];
export type Guardrail = Omit<Required<Schemas['Guardrail']>, 'rule' | 'direction'> & {
  rule: Rule;
  direction: 'input' | 'output' | 'both';
};
export type ContentPolicy = Schemas['ContentPolicy'];

export function useGuardrails() {
  return useQuery({
    queryKey: ['guardrails'],
    queryFn: async ({ signal }) =>
      ((await data(api.GET('/api/v1/guardrails', { signal }))).items ?? []) as unknown as Guardrail[],
  });
}

export function useContentPolicy() {
  return useQuery({
    queryKey: ['content-policy'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/content-policy', { signal })),
  });
}

function useChange<T>(key: string, change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: [key] }) });
}

export const useCreateGuardrail = () =>
  useChange('guardrails', (body: NewGuardrail) => data(api.POST('/api/v1/guardrails', { body })));

export const useChangeGuardrail = () =>
  useChange('guardrails', ({ id, body }: { id: string; body: NewGuardrail }) =>
    data(api.PUT('/api/v1/guardrails/{id}', { params: { path: { id } }, body })),
  );

export const useDeleteGuardrail = () =>
  useChange('guardrails', async (id: string) => {
    await api.DELETE('/api/v1/guardrails/{id}', { params: { path: { id } } });
  });

export const useSetContentPolicy = () =>
  useChange('content-policy', (body: Schemas['NewContentPolicy']) => data(api.PUT('/api/v1/content-policy', { body })));
