// Lists of the API come in pages with a cursor. `useCursorList` gathers them:
//
//   const runs = useCursorList(['runs', filter], ({ cursor, signal }) =>
//     data(api.GET('/api/v1/runs', { params: { query: { ...filter, limit: 50, cursor } }, signal })));
//   runs.items, runs.isPending, runs.isError, runs.error, runs.refetch, runs.more   // <DataTable more={runs.more} />

import { keepPreviousData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

export interface CursorPage<T> {
  items?: T[];
  next_cursor?: string | null;
}

/** Whether there is more, and how to get it. */
export interface More {
  there: boolean;
  loading: boolean;
  load: () => void;
}

export interface ListOptions {
  enabled?: boolean;
  /** While another filter is loaded, what fits the one before stays (greyed by `isPlaceholderData`). */
  keep?: boolean;
  /** Milliseconds; for what tells of no events. */
  refetchInterval?: number;
}

export function useCursorList<T>(
  queryKey: QueryKey,
  fetchPage: (page: { cursor?: string; signal: AbortSignal }) => Promise<CursorPage<T>>,
  { enabled, keep = true, refetchInterval }: ListOptions = {},
) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage({ cursor: pageParam || undefined, signal }),
    initialPageParam: '',
    getNextPageParam: (last: CursorPage<T>) => last.next_cursor || undefined,
    placeholderData: keep ? keepPreviousData : undefined,
    enabled,
    refetchInterval,
  });
  const pages = query.data?.pages;
  const items = useMemo(() => pages?.flatMap((page) => page.items ?? []) ?? [], [pages]);
  const more: More = {
    there: query.hasNextPage,
    loading: query.isFetchingNextPage,
    load: () => void query.fetchNextPage(),
  };
  return { ...query, items, more };
}
