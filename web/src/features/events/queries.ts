// The workspace's events, as subscribers get them.

import { useQuery } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type Event = Schemas['Event'];

export function useEvents() {
  return useCursorList<Event>(['events', 'list'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/events', { params: { query: { limit: 50, cursor } }, signal })),
  );
}

export function useEvent(number: string) {
  return useQuery({
    queryKey: ['events', 'one', number],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/events/{number}', { params: { path: { number: number as never } }, signal })),
  });
}
