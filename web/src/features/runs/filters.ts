// The filters of the list of runs: as they stand in the address, as the list's routes take them, and as a bulk action does. Pure.

import { formatNumber, formatWord } from '@/lib/format';
import { integer, listOf, oneOf, searchParams, text, time, type Values } from '@/lib/search';

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
export type RunStatus = (typeof runStatuses)[number];

/** How far back from now; `from` and `to` are fixed times instead. */
export const ranges = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
export type RangeName = keyof typeof ranges;
export const rangeNames = Object.keys(ranges) as RangeName[];
export const rangeWords: Record<RangeName, string> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

export const triggers = ['api', 'flow', 'rerun', 'error', 'trial', 'draft'] as const;

export const runSearch = searchParams({
  status: listOf(runStatuses),
  flow: text(),
  version: integer(0, 1),
  trigger: oneOf(triggers),
  parent: text(),
  q: text(),
  range: oneOf(rangeNames),
  from: time(),
  to: time(),
});
export type RunSearch = Values<(typeof runSearch)['parameters']>;
export const filterNames = ['status', 'flow', 'version', 'trigger', 'parent', 'q', 'range', 'from', 'to'] as const;
export const noFilters: RunSearch = runSearch.parse({});

/** Parameters of GET /api/v1/runs and …/histogram. */
export interface RunQuery {
  status?: string;
  flow?: string;
  version?: number;
  trigger?: string;
  parent?: string;
  q?: string;
  from?: string;
  to?: string;
  project?: string;
}

const minute = 60_000;

/** A relative range counts from the beginning of this minute, so that the question stays the same for a while. */
export function queryOf(values: RunSearch, project: string, now: number): RunQuery {
  const from = values.range
    ? new Date(Math.floor(now / minute) * minute - ranges[values.range]).toISOString()
    : values.from || undefined;
  return {
    status: values.status.length > 0 ? values.status.join(',') : undefined,
    flow: values.flow || undefined,
    // The server knows versions of one flow only.
    version: values.flow && values.version ? values.version : undefined,
    trigger: values.trigger || undefined,
    parent: values.parent || undefined,
    q: values.q.trim() || undefined,
    from,
    to: values.range ? undefined : values.to || undefined,
    project: project || undefined,
  };
}

export type BulkKind = 'retry' | 'rerun' | 'cancel';
const ended: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled', 'timed_out'];
const fits: Record<BulkKind, readonly RunStatus[]> = {
  retry: ['failed', 'timed_out', 'cancelled'],
  rerun: ended,
  cancel: ['queued', 'running', 'waiting', 'paused'],
};
const usual: Record<BulkKind, readonly RunStatus[]> = {
  retry: ['failed', 'timed_out'],
  rerun: [],
  cancel: fits.cancel,
};

export interface BulkFilter {
  status?: string[];
  flow?: string;
  version?: number;
  trigger?: string;
  parent?: string;
  q?: string;
  project?: string;
  since?: string;
  until?: string;
  code?: string;
}

/** The same runs as a filter of POST /api/v1/runs/bulk, or why they cannot be named so. */
export function bulkFilterOf(values: RunSearch, project: string, kind: BulkKind, now: number): BulkFilter | string {
  if (values.flow && !values.flow.startsWith('flw_'))
    return 'Choose the flow from the list: a bulk action needs its id.';
  const chosen = values.status.length > 0 ? values.status.filter((status) => fits[kind].includes(status)) : usual[kind];
  if (chosen.length === 0) {
    const wanted = fits[kind].map(formatWord).join(', ');
    return values.status.length > 0
      ? `Runs that are ${values.status.map(formatWord).join(' or ')} cannot be ${pastOf[kind]}; filter by ${wanted}.`
      : `Say which runs by their status first: ${wanted}.`;
  }
  const query = queryOf(values, project, now);
  const filter: BulkFilter = { status: [...chosen] };
  for (const name of ['flow', 'trigger', 'parent', 'q'] as const) if (query[name]) filter[name] = query[name];
  if (query.version) filter.version = query.version;
  if (query.project) filter.project = query.project;
  if (query.from) filter.since = query.from;
  if (query.to) filter.until = query.to;
  return filter;
}

export const pastOf: Record<BulkKind, string> = { retry: 'retried', rerun: 'run again', cancel: 'cancelled' };
export const verbOf: Record<BulkKind, string> = { retry: 'Retry', rerun: 'Run again', cancel: 'Cancel' };

/** Whether one run can be taken along. */
export const fitsKind = (kind: BulkKind, status: string): boolean => (fits[kind] as readonly string[]).includes(status);

/** "Retry 37 runs". */
export const actionText = (kind: BulkKind, count: number) => `${verbOf[kind]} ${formatNumber(count, 'run')}`;
