// The server's judgement of what is shown, asked for a moment after each change.
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { FlowDocument } from '@/components/data/flow';
import { validate } from '../queries';
import type { Judged } from './context';
import { problemsOf } from './mistakes';

const PAUSE = 500;

// Documents are compared by being the same object: each edit makes a new one.
const numbers = new WeakMap<FlowDocument, number>();
let last = 0;
function numberOf(document: FlowDocument): number {
  let number = numbers.get(document);
  if (number === undefined) {
    number = ++last;
    numbers.set(document, number);
  }
  return number;
}

export function useJudge(flow: string, document: FlowDocument): Judged & { retry: () => void } {
  const [settled] = useDebouncedValue(document, PAUSE);
  const query = useQuery({
    queryKey: ['flows', 'judged', flow, numberOf(settled)],
    queryFn: async ({ signal }) => ({ of: settled, found: await validate(settled, signal) }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  const { data, error, refetch } = query;
  return useMemo(
    () => ({
      problems: data ? problemsOf(data.of, data.found) : [],
      current: data?.of === document,
      error,
      document: data?.of,
      retry: () => void refetch(),
    }),
    [data, document, error, refetch],
  );
}
