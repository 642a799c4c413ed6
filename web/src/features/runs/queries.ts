// What the list of runs asks and tells the server. One run's page: run/queries.ts.

import { type InfiniteData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { api, data, ifMatch, type Schemas } from '@/api/client';
import { type CursorPage, useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';
import { usualSpan } from './buckets';
import type { BulkFilter, BulkKind, RunQuery } from './filters';
import { afterEvents, mergeHead, newIds, type RunEvent } from './live_rows';

export type Run = Schemas['Run'];
export type SavedView = Schemas['SavedView'];
export type FlowRow = Schemas['FlowList']['items'][number];

type Pages = InfiniteData<CursorPage<Run>>;
const pageSize = 50;
/** Rows whose end is read anew by themselves; of more at once the state alone is told until the list is read again. */
const mostReads = 10;

/**
 * Newest first. Rows never move by themselves: what changes is changed in its place, and what is new is counted in `fresh` until
 * `showFresh` is called.
 */
export function useRuns(query: RunQuery) {
  const client = useQueryClient();
  const key = useMemo(() => ['runs', 'list', query], [query]);
  const list = useCursorList<Run>(key, ({ cursor, signal }) =>
    data(api.GET('/api/v1/runs', { params: { query: { ...query, limit: pageSize, cursor } }, signal })),
  );
  // What was kept from an earlier visit grew old without being told of changes.
  useEffect(() => {
    if (client.getQueryState(key)?.dataUpdatedAt) void client.invalidateQueries({ queryKey: key });
  }, [client, key]);
  // The first page as it is now, beside the list that stays as it was.
  const head = useQuery({
    queryKey: ['runs', 'head', query],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/runs', { params: { query: { ...query, limit: pageSize } }, signal })),
    enabled: false,
  });
  const patch = useCallback(
    (change: (run: Run) => Run) =>
      client.setQueryData<Pages>(
        key,
        (old) => old && { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items?.map(change) })) },
      ),
    [client, key],
  );
  const items = useRef(list.items);
  items.current = list.items;
  const reading = useRef<{ again: boolean } | undefined>(undefined);

  const lookAtHead = useCallback(async () => {
    if (reading.current) {
      reading.current.again = true;
      return;
    }
    const mine = { again: true };
    reading.current = mine;
    while (mine.again) {
      mine.again = false;
      const answer = await head.refetch();
      if (answer.data?.items) patch(mergeHead(answer.data.items));
      // Once a second is enough for a count.
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    reading.current = undefined;
  }, [head.refetch, patch]);

  useLive('events', (changes) => {
    if (changes.some((change) => change.type === 'resync')) {
      void client.invalidateQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: ['runs', 'histogram'] });
      return;
    }
    const events = changes.filter((change) => change.type.startsWith('run.') && change.subject) as RunEvent[];
    if (events.length === 0) return;
    patch(afterEvents(events));
    const shown = new Set(items.current.map((run) => run.id));
    const ended = [...new Set(events.map((event) => event.subject))].filter((id) => shown.has(id)).slice(0, mostReads);
    for (const id of ended) {
      void data(api.GET('/api/v1/runs/{id}', { params: { path: { id }, query: { output: 'false' } } })).then(
        (run) => patch((old) => (old.id === id ? run : old)),
        () => undefined, // it stays as the event said
      );
    }
    if (events.some((event) => !shown.has(event.subject))) void lookAtHead();
  });

  const fresh = newIds(head.data?.items ?? [], list.items).length;
  const showFresh = () => {
    client.setQueryData<Pages>(key, (old) => {
      if (!old || !head.data) return old;
      return { pages: [head.data], pageParams: [''] };
    });
    void client.invalidateQueries({ queryKey: ['runs', 'histogram'] });
  };
  return { ...list, fresh: list.isPending ? 0 : fresh, showFresh };
}

export function useHistogram(query: RunQuery, now: number) {
  const to = query.to ?? new Date(now).toISOString();
  const from = query.from ?? new Date(Date.parse(to) - usualSpan).toISOString();
  return useQuery({
    queryKey: ['runs', 'histogram', { ...query, from, to }],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/runs/histogram', { params: { query: { ...query, from, to, buckets: 60 } }, signal })),
    placeholderData: (old) => old,
  });
}

/** The flows to choose from, by name; a workspace with more than 200 is asked by name in the address. */
export function useFlows() {
  return useQuery({
    queryKey: ['flows', 'names'],
    queryFn: async ({ signal }) => {
      const flows = await data(api.GET('/api/v1/flows', { params: { query: { limit: 200 } }, signal }));
      return flows.items.sort((a, b) => a.name.localeCompare(b.name));
    },
    staleTime: 60_000,
  });
}

const views = ['saved-views', 'runs'];
export function useSavedViews() {
  return useQuery({
    queryKey: views,
    queryFn: ({ signal }) => data(api.GET('/api/v1/saved-views', { params: { query: { page: 'runs' } }, signal })),
    staleTime: 60_000,
  });
}

export function useSaveView() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (view: { name: string; search: string; shared: boolean; over?: SavedView }) => {
      const { over, ...body } = view;
      return over
        ? data(
            api.PUT('/api/v1/saved-views/{id}', {
              params: { path: { id: over.id } },
              body,
              headers: ifMatch(over.etag),
            }),
          )
        : data(api.POST('/api/v1/saved-views', { body: { page: 'runs', ...body } }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: views }),
  });
}

export function useDeleteView() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (view: SavedView) =>
      api.DELETE('/api/v1/saved-views/{id}', { params: { path: { id: view.id } }, headers: ifMatch(view.etag) }),
    onSettled: () => client.invalidateQueries({ queryKey: views }),
  });
}

export interface BulkTerms {
  action: BulkKind;
  filter: BulkFilter;
  reason?: string;
  version?: number | 'live' | 'recorded';
  canary: number;
  rate_per_second: number;
}

export interface BulkPreview {
  total: number;
  filter: BulkFilter;
  samples: Run[];
}

/** What the action would touch; nothing changes. */
export function useBulkPreview(terms: BulkTerms | undefined) {
  return useQuery({
    queryKey: ['runs', 'bulk-preview', terms],
    queryFn: async ({ signal }) =>
      (await data(
        api.POST('/api/v1/runs/bulk', { body: { ...terms!, dry_run: true } as Schemas['BulkRuns'], signal }),
      )) as unknown as BulkPreview,
    enabled: terms !== undefined,
    staleTime: 0,
    gcTime: 0,
  });
}

export function useBeginBulk() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (terms: BulkTerms) =>
      data(api.POST('/api/v1/runs/bulk', { body: terms as Schemas['BulkRuns'] })) as Promise<Schemas['BulkAction']>,
    onSuccess: () => client.invalidateQueries({ queryKey: ['bulk-actions'] }),
  });
}

/** One run of a selection. */
export function actOn(kind: BulkKind, id: string, reason: string): Promise<{ id: string }> {
  const params = { path: { id } };
  if (kind === 'rerun') return data(api.POST('/api/v1/runs/{id}/rerun', { params, body: {} }));
  const body = reason ? { reason } : {};
  return kind === 'retry'
    ? data(api.POST('/api/v1/runs/{id}/retry', { params, body }))
    : data(api.POST('/api/v1/runs/{id}/cancel', { params, body }));
}
