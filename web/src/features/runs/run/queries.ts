// What one run's page asks and tells the server, and how it follows the run.

import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { api, data, downloadUrl, type Schemas, send } from '@/api/client';
import type { FlowDocument } from '@/components/data/flow';
import type { Json } from '@/components/data/json';
import { type LoadPart, partsOf } from '@/components/data/sizes';
import { useLive } from '@/lib/live';
import { type Entry, foldEntries } from './journal';
import type { Step } from './tree';

export type Run = Schemas['Run'];
export type Why = Schemas['RunWhy'];
export type RunDiff = Schemas['RunDiff'];

const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'timed_out']);
export const runHasEnded = (status: string): boolean => ended.has(status);

/** More steps than this are not drawn; the search of the server still finds them. */
export const mostSteps = 20_000;
const mostEntries = 60_000;

const keys = {
  all: (id: string) => ['run', id],
  run: (id: string) => ['run', id, 'row'],
  steps: (id: string) => ['run', id, 'steps'],
  journal: (id: string) => ['run', id, 'journal'],
  why: (id: string) => ['run', id, 'why'],
  children: (id: string) => ['run', id, 'children'],
};

export function useRun(id: string) {
  return useQuery({
    queryKey: keys.run(id),
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/runs/{id}', { params: { path: { id }, query: { output: 'false' } }, signal })),
    enabled: id !== '',
    // Nobody follows a run while its page is closed.
    refetchOnMount: 'always',
  });
}

export interface Steps {
  items: Step[];
  total: number;
  /** The journal's entry up to which they are folded; 0: not known. */
  seq: number;
}

export function useSteps(id: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: keys.steps(id),
    queryFn: async ({ signal }): Promise<Steps> => {
      const seq = client.getQueryData<Entry[]>(keys.journal(id))?.at(-1)?.seq ?? 0;
      const items: Step[] = [];
      for (;;) {
        const query = { limit: 10_000, offset: items.length };
        const page = await data(api.GET('/api/v1/runs/{id}/steps', { params: { path: { id }, query }, signal }));
        items.push(...(page.items ?? []));
        const total = page.total ?? items.length;
        if (items.length >= Math.min(total, mostSteps) || !page.items?.length) return { items, total, seq };
      }
    },
    enabled: id !== '',
    // A run that goes on is followed by its journal.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
  });
}

const isError = (kind: string) => /failed|timed_out/.test(kind);

/** The journal from where it was read to; without values, but those of errors that are new. */
async function readOn(client: QueryClient, id: string): Promise<Entry[]> {
  let entries = client.getQueryData<Entry[]>(keys.journal(id)) ?? [];
  const first = entries.length === 0;
  for (;;) {
    const query = { after: entries.at(-1)?.seq ?? 0, limit: 1000, values: first ? 'false' : undefined };
    const page = await data(api.GET('/api/v1/runs/{id}/events', { params: { path: { id }, query } }));
    const items = (page.items ?? []).map((entry): Entry => {
      if (isError(entry.kind) || entry.value === undefined) return entry;
      const { value: _value, ...rest } = entry;
      return rest;
    });
    entries = items.length > 0 ? [...entries, ...items] : entries;
    if (items.length < 1000 || entries.length >= mostEntries) return entries;
  }
}

export function useJournal(id: string, wanted: boolean) {
  const client = useQueryClient();
  return useQuery({
    queryKey: keys.journal(id),
    queryFn: () => readOn(client, id),
    enabled: wanted && id !== '',
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
  });
}

/**
 * Keeps what is shown of a run up to date while it goes on: the journal is read from where it was read to, and steps are changed by
 * its entries. Nothing is read twice.
 */
export function useFollow(run: Run | undefined, types: ReadonlyMap<string, string>): void {
  const client = useQueryClient();
  const id = run?.id ?? '';
  const goesOn = run !== undefined && !runHasEnded(run.status);
  const latest = useRef(types);
  latest.current = types;
  const pulling = useRef<{ again: boolean } | undefined>(undefined);
  const rereading = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const reread = useCallback(() => {
    // The row and the reason why it waits: once a second while things happen.
    rereading.current ??= setTimeout(() => {
      rereading.current = undefined;
      // One that takes longer than a second is let finish.
      const gently = { cancelRefetch: false };
      void client.invalidateQueries({ queryKey: keys.run(id) }, gently);
      void client.invalidateQueries({ queryKey: keys.why(id) }, gently);
      void client.invalidateQueries({ queryKey: keys.children(id) }, gently);
    }, 1000);
  }, [client, id]);

  const pull = useCallback(async () => {
    if (pulling.current) {
      pulling.current.again = true;
      return;
    }
    const mine = { again: true };
    pulling.current = mine;
    try {
      while (mine.again) {
        mine.again = false;
        const before = client.getQueryData<Entry[]>(keys.journal(id))?.at(-1)?.seq ?? 0;
        const entries = await client.fetchQuery({
          queryKey: keys.journal(id),
          queryFn: () => readOn(client, id),
          staleTime: 0,
        });
        apply(client, id, entries, before, latest.current);
        // Drawing thousands of steps anew takes its time; three times a second is soon enough.
        const large = (client.getQueryData<Steps>(keys.steps(id))?.items.length ?? 0) > 1000;
        if (large) await new Promise((done) => setTimeout(done, 300));
      }
      reread();
    } catch {
      // The next event, or the connection's return, tries again.
    } finally {
      pulling.current = undefined;
    }
  }, [client, id, reread]);

  // The entry up to which the journal had been read when the run began to be followed.
  const [readTo, setReadTo] = useState<{ id: string; seq: number }>();
  const followed = useRef('');
  useEffect(() => {
    // The end brings what entries do not tell: sizes, skipped steps.
    if (!goesOn && followed.current === id) {
      void client.invalidateQueries({ queryKey: keys.steps(id) });
      void client.invalidateQueries({ queryKey: keys.journal(id) });
    }
    followed.current = goesOn ? id : '';
    if (goesOn) {
      void pull().then(() => {
        const entries = client.getQueryData<Entry[]>(keys.journal(id));
        if (entries) setReadTo((old) => (old?.id === id ? old : { id, seq: entries.at(-1)?.seq ?? 0 }));
      });
    }
    return () => {
      clearTimeout(rereading.current);
      rereading.current = undefined;
    };
  }, [client, id, goesOn, pull]);

  useLive(
    goesOn && readTo?.id === id ? `run/${id}` : '',
    (changes) => {
      const known = client.getQueryData<Entry[]>(keys.journal(id))?.at(-1)?.seq ?? 0;
      if (changes.some((change) => change.type === 'resync' || (change.id ?? 0) > known)) void pull();
    },
    readTo?.seq,
  );
  // A run that had ended may be retried by somebody else, and sub-runs come and go.
  useLive(id ? 'events' : '', (changes) => {
    if (changes.some((change) => change.type === 'resync')) void client.invalidateQueries({ queryKey: keys.run(id) });
    if (!changes.some((change) => change.subject === id)) return;
    if (goesOn) reread();
    else void client.invalidateQueries({ queryKey: keys.all(id) });
  });
}

/** Brings steps and the run's row to the end of the journal. */
function apply(
  client: QueryClient,
  id: string,
  entries: Entry[],
  before: number,
  types: ReadonlyMap<string, string>,
): void {
  const last = entries.at(-1)?.seq ?? 0;
  client.setQueryData<Steps>(keys.steps(id), (old) => {
    if (!old || old.seq >= last) return old;
    const fresh = entriesAfter(entries, old.seq);
    const items = foldEntries(old.items, fresh, types);
    return { items, total: Math.max(old.total, items.length), seq: last };
  });
  const own = entriesAfter(entries, before).filter((entry) => entry.kind.startsWith('run.'));
  const status = own.map((entry) => statusOf(entry.kind)).findLast((one) => one !== undefined);
  // Of an old journal the row knows better: whether it waits or stands in the queue is not in the journal.
  if (!status || (before === 0 && !ended.has(status))) return;
  client.setQueryData<Run>(keys.run(id), (old) => {
    if (!old || old.status === status) return old;
    return { ...old, status, finished_at: ended.has(status) ? (own.at(-1)?.at ?? null) : null };
  });
  if (!ended.has(status)) return;
  void client.invalidateQueries({ queryKey: keys.run(id) });
  void client.invalidateQueries({ queryKey: keys.why(id) });
}

function entriesAfter(entries: Entry[], seq: number): Entry[] {
  let at = entries.length;
  while (at > 0 && entries[at - 1]!.seq > seq) at--;
  return entries.slice(at);
}

function statusOf(kind: string): Run['status'] | undefined {
  const states: Record<string, Run['status']> = {
    'run.resumed': 'running',
    'run.retried': 'running',
    'run.paused': 'paused',
    'run.succeeded': 'succeeded',
    'run.failed': 'failed',
    'run.cancelled': 'cancelled',
    'run.timed_out': 'timed_out',
  };
  return states[kind];
}

export function useWhy(id: string, status: string | undefined) {
  return useQuery({
    queryKey: [...keys.why(id), status],
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs/{id}/why', { params: { path: { id } }, signal })),
    enabled: status !== undefined,
    placeholderData: (old) => old,
  });
}

export function useChildren(id: string) {
  return useQuery({
    queryKey: keys.children(id),
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs', { params: { query: { parent: id, limit: 20 } }, signal })),
    staleTime: 30_000,
  });
}

/** The version that ran. It never changes; a deleted flow's may be gone. */
export function useVersion(flow: string, version: number | undefined) {
  return useQuery({
    queryKey: ['flows', flow, 'version', version],
    queryFn: async ({ signal }) => {
      const params = { path: { id: flow, version: String(version) } };
      const found = await data(api.GET('/api/v1/flows/{id}/versions/{version}', { params, signal }));
      return found.document as unknown as FlowDocument;
    },
    enabled: flow !== '' && version !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** The version that new runs of the flow have; null where none is live. */
export function useLiveVersion(flow: string) {
  return useQuery({
    queryKey: ['flows', flow, 'live version'],
    queryFn: async ({ signal }) => {
      const found = await data(api.GET('/api/v1/flows/{id}', { params: { path: { id: flow } }, signal }));
      return found.live_version;
    },
    enabled: flow !== '',
    retry: false,
  }).data;
}

/** One entry with its value. */
export function useEntry(id: string, seq: number | undefined) {
  return useQuery({
    queryKey: ['run', id, 'entry', seq],
    queryFn: async ({ signal }) => {
      const params = { path: { id }, query: { after: seq! - 1, limit: 1 } };
      const page = await data(api.GET('/api/v1/runs/{id}/events', { params, signal }));
      return page.items?.[0] ?? null;
    },
    enabled: seq !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Where a value is: the run's input or output, or a step's output or error. */
export type Place = { run: string; of: 'input' | 'output' } | { run: string; step: string };

export function addressOf(place: Place): string {
  const base = `/api/v1/runs/${encodeURIComponent(place.run)}`;
  return 'step' in place ? `${base}/steps/${encodeURIComponent(place.step)}` : `${base}/${place.of}`;
}

export const downloadOf = (place: Place): string => downloadUrl(addressOf(place), { raw: 'true' });

/** Reads a value in parts; the loader is the same for the same place, until `renewal` changes. */
export function useParts(place: Place, renewal: unknown): LoadPart {
  const address = addressOf(place);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt has another value at the same address
  return useMemo(
    () => partsOf((offset, limit) => send(new Request(`${location.origin}${address}?offset=${offset}&limit=${limit}`))),
    [address, renewal],
  );
}

/** A whole value, where it is small enough to work with. */
export async function readWhole(place: Place, most: number): Promise<Json | undefined> {
  const answer = await send(new Request(`${location.origin}${addressOf(place)}?offset=0&limit=${most}`));
  const total = Number(/\/(\d+)\s*$/.exec(answer.headers.get('Content-Range') ?? '')?.[1] ?? 0);
  if (total > most) return undefined;
  return JSON.parse(await answer.text()) as Json;
}

export interface Rerun {
  from?: string;
  input?: Json;
  outputs?: Record<string, Json>;
  version?: number | 'live';
}

/** What can be done to the run. Each one reads the run anew. */
export function useRunActions(id: string) {
  const client = useQueryClient();
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: keys.all(id) });
    void client.invalidateQueries({ queryKey: ['runs'] });
  };
  const params = { path: { id } };
  const reasoned = (reason: string) => (reason ? { reason } : {});
  return {
    cancel: useMutation({
      mutationFn: (reason: string) => data(api.POST('/api/v1/runs/{id}/cancel', { params, body: reasoned(reason) })),
      onSettled,
    }),
    pause: useMutation({
      mutationFn: (reason: string) => data(api.POST('/api/v1/runs/{id}/pause', { params, body: reasoned(reason) })),
      onSettled,
    }),
    resume: useMutation({
      mutationFn: () => data(api.POST('/api/v1/runs/{id}/resume', { params })),
      onSettled,
    }),
    retry: useMutation({
      mutationFn: (reason: string) => data(api.POST('/api/v1/runs/{id}/retry', { params, body: reasoned(reason) })),
      onSettled,
    }),
    rerun: useMutation({
      mutationFn: (how: Rerun) => data(api.POST('/api/v1/runs/{id}/rerun', { params, body: how as Schemas['Rerun'] })),
      onSettled,
    }),
    signal: useMutation({
      mutationFn: (signal: { name: string; key: string; payload: Json | undefined }) =>
        data(
          api.POST('/api/v1/runs/{id}/signals/{name}', {
            params: { path: { id, name: signal.name } },
            body: {
              ...(signal.key ? { key: signal.key } : {}),
              ...(signal.payload !== undefined ? { payload: signal.payload } : {}),
            },
          }),
        ),
      onSettled,
    }),
    decide: useMutation({
      mutationFn: (decision: Schemas['DecideStep']) =>
        data(api.POST('/api/v1/runs/{id}/decide', { params, body: decision })),
      onSettled,
    }),
    replay: useMutation({ mutationFn: () => data(api.POST('/api/v1/runs/{id}/replay', { params })) }),
  };
}

export function useDiff(id: string, other: string) {
  return useQuery({
    queryKey: ['run', id, 'diff', other],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/runs/{id}/diff', { params: { path: { id }, query: { with: other } }, signal })),
  });
}
