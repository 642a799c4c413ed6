// What the pages of queues ask and tell the server.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';

export type Queue = Schemas['Queue'];
export type Job = Schemas['Job'];
export const jobStates = ['queued', 'running', 'waiting'] as const;

/** Read anew when runs start and end, at most once in two seconds. */
export function useFreshQueues(): () => void {
  const client = useQueryClient();
  const fresh = () => void client.invalidateQueries({ queryKey: ['queues'] });
  const timer = { at: undefined as ReturnType<typeof setTimeout> | undefined };
  useLive('events', (changes) => {
    if (!changes.some((change) => change.type === 'resync' || /^(run|queue)\./.test(change.type))) return;
    timer.at ??= setTimeout(() => {
      timer.at = undefined;
      fresh();
    }, 2_000);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the last timer
  useEffect(() => () => clearTimeout(timer.at), []);
  return fresh;
}

export function useQueues() {
  useFreshQueues();
  return useQuery({
    queryKey: ['queues', 'list'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/queues', { signal })),
  });
}

export function useQueue(name: string) {
  useFreshQueues();
  return useQuery({
    queryKey: ['queues', 'one', name],
    queryFn: ({ signal }) => data(api.GET('/api/v1/queues/{name}', { params: { path: { name } }, signal })),
  });
}

export function useWorker(name: string) {
  return useQuery({
    queryKey: ['queues', 'worker', name],
    queryFn: async ({ signal }) =>
      (await data(api.GET('/api/v1/queues/{name}/jobs', { params: { path: { name }, query: { limit: 1 } }, signal })))
        .worker,
  });
}

export function useJobs(name: string, state: string) {
  return useCursorList<Job>(['queues', 'jobs', name, state], ({ cursor, signal }) =>
    data(
      api.GET('/api/v1/queues/{name}/jobs', {
        params: { path: { name }, query: { state: state || undefined, limit: 50, cursor } },
        signal,
      }),
    ),
  );
}

export type QueueSwitch = 'pause' | 'resume' | 'drain';

export function useSwitchQueue(name: string) {
  const client = useQueryClient();
  const path = { params: { path: { name } } };
  return useMutation({
    mutationFn: (to: QueueSwitch) =>
      to === 'pause'
        ? data(api.POST('/api/v1/queues/{name}/pause', path))
        : to === 'resume'
          ? data(api.POST('/api/v1/queues/{name}/resume', path))
          : data(api.POST('/api/v1/queues/{name}/drain', path)),
    onSettled: () => client.invalidateQueries({ queryKey: ['queues'] }),
  });
}

/** The workspace's share of the server. */
export function useSetWeight(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (weight: number) =>
      data(api.PATCH('/api/v1/queues/{name}', { params: { path: { name } }, body: { weight } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['queues'] }),
  });
}
