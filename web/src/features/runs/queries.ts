// What the pages of runs ask and tell the server.

import { useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';

export type Run = Schemas['Run'];
export const runStatuses = [
  'queued',
  'running',
  'waiting',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const;

export interface RunFilter {
  status?: string;
  flow?: string;
  project?: string;
}

/** Newest first, kept up to date by the workspace's events. */
export function useRuns(filter: RunFilter) {
  const client = useQueryClient();
  useLive('events', (changes) => {
    if (changes.some((change) => change.type === 'resync' || change.type.startsWith('run.'))) {
      void client.invalidateQueries({ queryKey: ['runs'] });
    }
  });
  return useCursorList<Run>(['runs', filter], ({ cursor, signal }) =>
    data(api.GET('/api/v1/runs', { params: { query: { ...filter, limit: 50, cursor } }, signal })),
  );
}
