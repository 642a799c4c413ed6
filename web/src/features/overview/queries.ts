// How the workspace stands, kept up to date by its events.

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useLive } from '@/lib/live';

export type Overview = Schemas['Overview'];
export type Attention = Overview['attention'][number];
export const windows = ['1h', '24h'] as const;

export function useOverview(window: (typeof windows)[number]) {
  const client = useQueryClient();
  // Read anew at most every two seconds, however much happens; once a minute where nothing does, since the window moves.
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useLive('events', () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey: ['overview'] });
    }, 2_000);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useQuery({
    queryKey: ['overview', window],
    queryFn: ({ signal }) => data(api.GET('/api/v1/overview', { params: { query: { window } }, signal })),
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
}
