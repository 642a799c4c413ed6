// Bulk actions: what the server does to many objects by a filter.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';
import { type LiveChange, useLive } from '@/lib/live';

export type BulkAction = Schemas['BulkAction'];
export type BulkItem = Schemas['BulkItem'];

/** How often a running action is read; runs' events bring it forward. */
const interval = 2_000;

export function useBulkActions() {
  const list = useCursorList<BulkAction>(['bulk-actions', 'list'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/bulk-actions', { params: { query: { limit: 50, cursor } }, signal })),
  );
  const running = list.items.some((action) => action.state === 'running');
  useQuery({
    queryKey: ['bulk-actions', 'renew'],
    queryFn: () => list.refetch().then(() => true),
    enabled: running,
    refetchInterval: interval,
  });
  return list;
}

export function useBulkAction(id: string) {
  const client = useQueryClient();
  const action = useQuery({
    queryKey: ['bulk-actions', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/bulk-actions/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? interval : false),
  });
  const running = action.data?.state === 'running';
  useLive(running ? 'events' : '', (changes) => {
    if (!changes.some((change) => change.type === 'resync' || change.type.startsWith('run.'))) return;
    void client.invalidateQueries({ queryKey: ['bulk-actions', 'one', id] }, { cancelRefetch: false });
  });
  return action;
}

/** `renewal`: how far the action is; the list is read anew when it changes. */
export function useBulkItems(id: string, failed: boolean, renewal: string) {
  const list = useCursorList<BulkItem>(['bulk-actions', 'items', id, failed, renewal], ({ cursor, signal }) =>
    data(
      api.GET('/api/v1/bulk-actions/{id}/items', {
        params: { path: { id }, query: { limit: 50, cursor, result: failed ? 'failed' : undefined } },
        signal,
      }),
    ),
  );
  // What was begun again goes on after the action has ended.
  useLive('events', (changes) => {
    const runs = new Set(list.items.map((item) => item.run_id));
    const of = (change: LiveChange) => change.type.startsWith('run.') && runs.has(change.subject ?? '');
    if (changes.some((change) => change.type === 'resync' || of(change))) void list.refetch();
  });
  return list;
}

export function useCancelBulk() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => data(api.POST('/api/v1/bulk-actions/{id}/cancel', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['bulk-actions'] }),
  });
}
