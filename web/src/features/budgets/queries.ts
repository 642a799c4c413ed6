// What the page of budgets asks and tells the server.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, dataWithTag, ifMatch, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';

export type Budget = Schemas['Budget'];
export type NewBudget = Schemas['NewBudget'];
export type ScopeType = NewBudget['scope']['type'];
export const scopeTypes = [
  'workspace',
  'project',
  'flow',
  'agent',
  'api_key',
  'user',
  'model',
  'session',
  'tag',
  'run',
  'instance',
] as const;
export const windows = ['hour', 'day', 'week', 'month', 'total'] as const;
export const actions = ['block', 'require_approval', 'downgrade', 'warn'] as const;

export interface BudgetFilter {
  scope_type?: string;
}

/** Read anew when a threshold is crossed. */
export function useBudgets(filter: BudgetFilter) {
  const client = useQueryClient();
  useLive('events', (changes) => {
    if (changes.some((change) => change.type === 'resync' || change.type.startsWith('budget.'))) {
      void client.invalidateQueries({ queryKey: ['budgets'] });
    }
  });
  return useCursorList<Budget>(
    ['budgets', 'list', filter],
    ({ cursor, signal }) =>
      data(api.GET('/api/v1/budgets', { params: { query: { ...filter, limit: 50, cursor } }, signal })),
    { refetchInterval: 15_000 },
  );
}

export function useBudget(id: string) {
  return useQuery({
    queryKey: ['budgets', 'one', id],
    queryFn: ({ signal }) => dataWithTag(api.GET('/api/v1/budgets/{id}', { params: { path: { id } }, signal })),
  });
}

export function useForecast(id: string) {
  return useQuery({
    queryKey: ['budgets', 'forecast', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/budgets/{id}/forecast', { params: { path: { id } }, signal })),
  });
}

export function useUnknown(id: string) {
  return useQuery({
    queryKey: ['budgets', 'unknown', id],
    queryFn: async ({ signal }) =>
      (await data(api.GET('/api/v1/budgets/{id}/unknown', { params: { path: { id } }, signal }))).items,
  });
}

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['budgets'] }) });
}

export const useCreateBudget = () => useChange((body: NewBudget) => data(api.POST('/api/v1/budgets', { body })));

export const useEditBudget = (id: string) =>
  useChange(({ body, etag }: { body: Schemas['BudgetChange']; etag: string }) =>
    data(api.PUT('/api/v1/budgets/{id}', { params: { path: { id } }, body, headers: ifMatch(etag) })),
  );

export const useDeleteBudget = (id: string) =>
  useChange(async () => {
    await api.DELETE('/api/v1/budgets/{id}', { params: { path: { id } } });
  });

export const useRaise = (id: string) =>
  useChange((body: Schemas['BudgetRaise']) =>
    data(api.POST('/api/v1/budgets/{id}/raise', { params: { path: { id } }, body })),
  );

export const useResolveUnknown = () =>
  useChange(({ id, body }: { id: string; body: Schemas['ResolveUnknown'] }) =>
    data(api.POST('/api/v1/budgets/unknown/{unknown_id}/resolve', { params: { path: { unknown_id: id } }, body })),
  );
