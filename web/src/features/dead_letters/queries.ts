// What the pages of dead letters ask and tell the server.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';

export type DeadLetter = Schemas['DeadLetter'];
export type DeadLetterDetail = Schemas['DeadLetterDetail'];
export type LetterGroup = Schemas['DeadLetterGroupList']['items'][number];
export const letterStates = ['open', 'redriven', 'discarded'] as const;

export interface LetterFilter {
  state?: string;
  flow?: string;
  code?: string;
  since?: string;
  until?: string;
}

/** What is set of a filter, so that the same filter has one key and one address. */
export function setOf(filter: LetterFilter): LetterFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as LetterFilter;
}

function useFresh() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['dead-letters'] });
}

/** Newest first; read anew when a run fails or goes on. */
export function useLetters(filter: LetterFilter, enabled: boolean) {
  const fresh = useFresh();
  useLive('events', (changes) => {
    if (changes.some((change) => change.type === 'resync' || /^(run\.|dead_letter|bulk)/.test(change.type)))
      void fresh();
  });
  const query = setOf(filter);
  return useCursorList<DeadLetter>(
    ['dead-letters', 'list', query],
    ({ cursor, signal }) =>
      data(api.GET('/api/v1/dead-letters', { params: { query: { ...query, limit: 50, cursor } }, signal })),
    { enabled },
  );
}

export function useLetterGroups(filter: LetterFilter, enabled: boolean) {
  const query = setOf(filter);
  return useQuery({
    queryKey: ['dead-letters', 'groups', query],
    queryFn: ({ signal }) => data(api.GET('/api/v1/dead-letters/groups', { params: { query }, signal })),
    enabled,
  });
}

export function useLetter(id: string) {
  return useQuery({
    queryKey: ['dead-letters', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/dead-letters/{id}', { params: { path: { id } }, signal })),
  });
}

export function useRedrive() {
  const fresh = useFresh();
  return useMutation({
    mutationFn: ({ id, body }: { id: string; body: Schemas['RedriveDeadLetter'] }) =>
      data(api.POST('/api/v1/dead-letters/{id}/redrive', { params: { path: { id } }, body })),
    onSettled: fresh,
  });
}

export function useDiscard() {
  const fresh = useFresh();
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      data(api.POST('/api/v1/dead-letters/{id}/discard', { params: { path: { id } }, body: { reason } })),
    onSettled: fresh,
  });
}

export interface RedrivePlan {
  total: number;
  filter: Record<string, unknown>;
  samples: DeadLetter[];
}

/** What a redrive by filter would do: how many, and the first five. Changes nothing. */
export function useRedrivePlan(filter: LetterFilter | undefined) {
  return useQuery({
    queryKey: ['dead-letters', 'plan', filter],
    queryFn: async ({ signal }) => {
      const body = { filter: filter as Record<string, never>, dry_run: true };
      return (await data(api.POST('/api/v1/dead-letters/redrive', { body, signal }))) as unknown as RedrivePlan;
    },
    enabled: filter !== undefined,
    staleTime: 0,
  });
}

export function useRedriveMany() {
  const fresh = useFresh();
  return useMutation({
    mutationFn: async ({ filter, rate, canary }: { filter: LetterFilter; rate: number; canary: number }) => {
      const body = { filter: filter as Record<string, never>, rate_per_second: rate, canary };
      return (await data(api.POST('/api/v1/dead-letters/redrive', { body }))) as unknown as Schemas['BulkAction'];
    },
    onSettled: fresh,
  });
}
