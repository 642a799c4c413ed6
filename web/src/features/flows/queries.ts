// What the pages of flows ask and tell the server.

import { queryOptions, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, data, dataWithTag, ifMatch, type Schemas, send } from '@/api/client';
import type { FlowDocument, NodeTypeInfo } from '@/components/data/flow';
import type { Json, JsonObject } from '@/components/data/json';
import { type LoadPart, partsOf } from '@/components/data/sizes';
import { useCursorList } from '@/lib/lists';
import { useLive } from '@/lib/live';

export type FlowRow = Schemas['FlowList']['items'][number];
export type Flow = Schemas['Flow'];
export type Run = Schemas['Run'];
export type Step = Schemas['Step'];
export type NodeType = Schemas['NodeType'];
export type Mistake = Schemas['ValidationMistake'];
export type Validation = Schemas['ValidationResult'];
export type FlowVersion = Schemas['FlowVersion'];
export type StartRun = Schemas['StartRun'];

/** What the API's schema calls NewFlow or DraftDocument is the editor's document; drafts may hold anything. */
const asDocument = (value: unknown) => value as FlowDocument;
const path = (id: string) => ({ params: { path: { id } } });

// -- the list ---------------------------------------------------------------------------------------------------------

export function useFlows(filter: { project?: string }) {
  return useCursorList<FlowRow>(['flows', 'list', filter], ({ cursor, signal }) =>
    data(api.GET('/api/v1/flows', { params: { query: { ...filter, limit: 50, cursor } }, signal })),
  );
}

/**
 * The newest run of each flow. One request serves most; the flows of which none is among the workspace's latest runs are asked
 * for one by one. `undefined`: not known yet, `null`: it has never run.
 */
export function useLastRuns(flows: readonly FlowRow[]): (flow: string) => Run | null | undefined {
  const client = useQueryClient();
  useLive('events', (changes) => {
    if (changes.some((change) => change.type === 'resync' || change.type.startsWith('run.'))) {
      void client.invalidateQueries({ queryKey: ['flows', 'runs'] });
    }
  });
  const latest = useQuery({
    queryKey: ['flows', 'runs', 'latest'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs', { params: { query: { limit: 200 } }, signal })),
  });
  const found = useMemo(() => {
    const runs = new Map<string, Run>();
    for (const run of latest.data?.items ?? []) {
      if (run.flow.id && !runs.has(run.flow.id)) runs.set(run.flow.id, run);
    }
    return runs;
  }, [latest.data]);
  const others = latest.data ? flows.filter((flow) => !found.has(flow.id)) : [];
  const single = useQueries({
    queries: others.map((flow) => ({
      queryKey: ['flows', 'runs', 'of', flow.id],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchLastRun(flow.id, signal),
      staleTime: 60_000,
    })),
  });
  const singles = new Map(others.map((flow, index) => [flow.id, single[index]?.data]));
  return (flow) => found.get(flow) ?? singles.get(flow);
}

async function fetchLastRun(flow: string, signal?: AbortSignal): Promise<Run | null> {
  const list = await data(api.GET('/api/v1/runs', { params: { query: { flow, limit: 1 } }, signal }));
  return list.items?.[0] ?? null;
}

export const lastRunQuery = (flow: string) =>
  queryOptions({
    queryKey: ['flows', 'runs', 'of', flow],
    queryFn: ({ signal }) => fetchLastRun(flow, signal),
  });

/** The whole text of a download, for a copy of a flow. */
export async function fetchFlow(id: string, signal?: AbortSignal) {
  return dataWithTag(api.GET('/api/v1/flows/{id}', { ...path(id), signal }));
}

export function useCreateFlow() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ document, live }: { document: FlowDocument; live: boolean }) =>
      data(api.POST('/api/v1/flows', { params: { query: { live } }, body: document as never })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows', 'list'] }),
  });
}

/** Takes a document as text, JSON or YAML: makes the flow that it names, or its next version. */
export function useImportFlow() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ text, live }: { text: string; live: boolean }): Promise<Flow> => {
      const yaml = !/^\s*\{/.test(text);
      const answer = await send(
        new Request(`${location.origin}/api/v1/flows/import?live=${live}`, {
          method: 'POST',
          headers: { 'Content-Type': yaml ? 'application/yaml' : 'application/json', Accept: 'application/json' },
          body: text,
        }),
      );
      return (await answer.json()) as Flow;
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows'] }),
  });
}

export function useDeleteFlow() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE('/api/v1/flows/{id}', path(id)),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows', 'list'] }),
  });
}

// -- one flow ---------------------------------------------------------------------------------------------------------

export const flowQuery = (id: string) =>
  queryOptions({ queryKey: ['flows', 'one', id], queryFn: ({ signal }) => fetchFlow(id, signal) });

export const nodeTypesQuery = () =>
  queryOptions({
    queryKey: ['node-types'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/node-types', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    select: (list) => new Map<string, NodeType & NodeTypeInfo>((list.items ?? []).map((type) => [type.name, type])),
  });

export interface Draft {
  document: FlowDocument;
  etag: string;
  basedOn: number;
  errors: Mistake[];
  warnings: Mistake[];
}

const draftOf = (answer: Schemas['FlowDraft']): Draft => ({
  document: asDocument(answer.document),
  etag: answer.etag,
  basedOn: answer.based_on,
  errors: answer.errors,
  warnings: answer.warnings,
});

/** The person's draft; nothing when there is none. */
export async function fetchDraft(id: string, signal?: AbortSignal): Promise<Draft | undefined> {
  // No draft is no mistake: the answer is then empty.
  const query = { optional: true };
  const answer = (await api.GET('/api/v1/flows/{id}/draft', { params: { path: { id }, query }, signal })).data;
  return answer ? draftOf(answer) : undefined;
}

export interface DraftWrite {
  document: FlowDocument;
  /** What it replaces; empty: there is none yet; "*": whatever is there. */
  etag: string;
  basedOn?: number;
  /** The flow's workspace: by now the address may name another. */
  workspace: string;
  /** The page is going: the browser finishes the request behind it. */
  leaving?: boolean;
}

// Browsers hold at most 64 KiB of such requests.
const KEPT_ALIVE = 60_000;

export async function putDraft(id: string, write: DraftWrite): Promise<Draft> {
  const text = JSON.stringify(write.document);
  const answer = await api.PUT('/api/v1/flows/{id}/draft', {
    params: { path: { id }, query: write.basedOn === undefined ? {} : { based_on: write.basedOn } },
    headers: {
      'Sluice-Workspace': write.workspace,
      ...(write.etag === '' ? { 'If-None-Match': '*' } : ifMatch(write.etag)),
    },
    body: write.document as unknown as JsonObject,
    bodySerializer: () => text,
    keepalive: write.leaving === true && text.length < KEPT_ALIVE,
  });
  return draftOf(answer.data as Schemas['FlowDraft']);
}

/** A document as text, YAML too, which the server reads. */
export async function putDraftText(id: string, text: string, write: Omit<DraftWrite, 'document'>): Promise<Draft> {
  const base = write.basedOn === undefined ? '' : `?based_on=${write.basedOn}`;
  const answer = await send(
    new Request(`${location.origin}/api/v1/flows/${id}/draft${base}`, {
      method: 'PUT',
      headers: {
        'Content-Type': 'application/yaml',
        'Sluice-Workspace': write.workspace,
        ...(write.etag === '' ? { 'If-None-Match': '*' } : ifMatch(write.etag)),
      },
      body: text,
    }),
  );
  return draftOf((await answer.json()) as Schemas['FlowDraft']);
}

export async function deleteDraft(id: string, etag: string): Promise<void> {
  await api.DELETE('/api/v1/flows/{id}/draft', { ...path(id), headers: ifMatch(etag) });
}

export interface Publication {
  etag: string;
  note: string;
  live: boolean;
  force: boolean;
}

export async function publishDraft(id: string, how: Publication): Promise<Flow> {
  return data(
    api.POST('/api/v1/flows/{id}/draft/publish', {
      params: { path: { id }, query: { live: how.live, force: how.force } },
      headers: ifMatch(how.etag),
      body: how.note ? { note: how.note } : {},
    }),
  );
}

export async function validate(document: FlowDocument, signal?: AbortSignal): Promise<Validation> {
  return data(api.POST('/api/v1/flows/validate', { body: document as never, signal }));
}

export function useVersions(id: string, enabled = true) {
  return useCursorList<FlowVersion>(
    ['flows', 'versions', id],
    ({ cursor, signal }) =>
      data(api.GET('/api/v1/flows/{id}/versions', { params: { path: { id }, query: { limit: 50, cursor } }, signal })),
    { enabled },
  );
}

export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['flows', 'version', id, version],
    queryFn: async ({ signal }) => {
      const answer = await data(
        api.GET('/api/v1/flows/{id}/versions/{version}', {
          params: { path: { id, version: String(version) as never } },
          signal,
        }),
      );
      return { ...answer, document: asDocument(answer.document) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useMakeLive(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ version, etag }: { version: number; etag: string }) =>
      data(api.PUT('/api/v1/flows/{id}/live', { ...path(id), headers: ifMatch(etag), body: { version } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows'] }),
  });
}

// -- runs -------------------------------------------------------------------------------------------------------------

export function useStartRun(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: StartRun) => data(api.POST('/api/v1/flows/{id}/runs', { ...path(id), body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows', 'runs'] }),
  });
}

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['flows', 'run', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs/{id}', { ...path(id), signal })),
  });

const STEPS_AT_ONCE = 5000;
export const stepsQuery = (id: string) =>
  queryOptions({
    queryKey: ['flows', 'run', id, 'steps'],
    queryFn: ({ signal }) =>
      data(
        api.GET('/api/v1/runs/{id}/steps', {
          params: { path: { id }, query: { limit: STEPS_AT_ONCE } as never },
          signal,
        }),
      ),
  });

export function useCancelRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => data(api.POST('/api/v1/runs/{id}/cancel', { ...path(id), body: {} })),
    onSuccess: (_, id) => client.invalidateQueries({ queryKey: ['flows', 'run', id] }),
  });
}

/** Where a value of a run is: its input, its output, or a step's. */
export const stepAddress = (run: string, step: string) => `/api/v1/runs/${run}/steps/${encodeURIComponent(step)}`;

/** Loads a value's JSON text part by part. */
export function loadValue(address: string): LoadPart {
  return partsOf((offset, limit) =>
    send(
      new Request(`${location.origin}${address}?offset=${offset}&limit=${limit}`, {
        headers: { Accept: 'application/json' },
      }),
    ),
  );
}

/** A whole value, for previews; only for those that are known to be small. */
export const valueQuery = (address: string, enabled: boolean) =>
  queryOptions({
    queryKey: ['flows', 'value', address],
    queryFn: async ({ signal }) => {
      const answer = await send(new Request(`${location.origin}${address}?raw=true`, { signal }));
      return (await answer.json()) as Json;
    },
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });

// -- pins -------------------------------------------------------------------------------------------------------------

export const pinsQuery = (id: string) =>
  queryOptions({
    queryKey: ['flows', 'pins', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/flows/{id}/pins', { ...path(id), signal })),
  });

export const pinQuery = (id: string, node: string, enabled = true) =>
  queryOptions({
    queryKey: ['flows', 'pins', id, node],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/flows/{id}/pins/{node}', { params: { path: { id, node } }, signal })),
    enabled,
  });

export function usePin(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ node, output }: { node: string; output: Json }) =>
      data(api.PUT('/api/v1/flows/{id}/pins/{node}', { params: { path: { id, node } }, body: { output } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows', 'pins', id] }),
  });
}

export function useUnpin(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (node: string) => api.DELETE('/api/v1/flows/{id}/pins/{node}', { params: { path: { id, node } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['flows', 'pins', id] }),
  });
}
