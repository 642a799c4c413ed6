// The ledger of what calls of models cost.

import { useQuery } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type SpendRow = Schemas['SpendRow'];
export type SpendSum = Schemas['SpendSum'];
export const dimensions = ['model', 'provider', 'project', 'flow', 'agent', 'api_key', 'user', 'tag'] as const;
export type Dimension = (typeof dimensions)[number];

/** What the ledger can be asked for; empty members ask for all. */
export interface SpendFilter {
  from?: string;
  to?: string;
  project?: string;
  flow?: string;
  agent?: string;
  model?: string;
  provider?: string;
  api_key?: string;
  user?: string;
  run?: string;
  status?: string;
}

export function useSpendBy(by: Dimension | 'day' | 'hour', filter: SpendFilter) {
  return useQuery({
    queryKey: ['spend', 'by', by, filter],
    queryFn: ({ signal }) => data(api.GET('/api/v1/spend/summary', { params: { query: { by, ...filter } }, signal })),
  });
}

export function useSpendRows(filter: SpendFilter) {
  return useCursorList<SpendRow>(['spend', 'rows', filter], ({ cursor, signal }) =>
    data(api.GET('/api/v1/spend', { params: { query: { ...filter, limit: 50, cursor } }, signal })),
  );
}

export function useSpendRow(id: string) {
  return useQuery({
    queryKey: ['spend', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/spend/{id}', { params: { path: { id } }, signal })),
  });
}
