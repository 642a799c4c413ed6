// What a run's journal tells, entry by entry: attempts of steps, and how steps change while the run goes on. Pure.

import type { Schemas } from '@/api/client';
import { containerOf, partsOfPath, type Step, type StepStatus } from './tree';

export type Entry = NonNullable<Schemas['RunEventList']['items']>[number];

export interface Attempt {
  number: number;
  from: number;
  /** Absent while it runs. */
  to?: number;
  end?: 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'unknown';
  /** The entry with its error or output. */
  seq?: number;
  /** When the next one begins, after a failure that is tried again. */
  retryAt?: number;
  usage?: Usage;
}

export interface Usage {
  input_tokens?: number;
  output_tokens?: number;
  cost_usd?: string;
  model?: string;
  simulated?: boolean;
}

const ends: Record<string, Attempt['end']> = {
  'step.succeeded': 'succeeded',
  'step.attempt_failed': 'failed',
  'step.failed': 'failed',
  'step.timed_out': 'timed_out',
  'step.cancelled': 'cancelled',
  'step.unknown': 'unknown',
};

/** The journal keeps money in billionths of a dollar. */
export function usageOf(data: unknown): Usage | undefined {
  const usage = (data as { usage?: Record<string, unknown> } | null | undefined)?.usage;
  if (!usage) return undefined;
  const { cost_nano_usd: nano, ...rest } = usage;
  return { ...rest, cost_usd: typeof nano === 'number' ? dollars(nano) : undefined };
}

function dollars(nano: number): string {
  const text = (nano / 1e9).toFixed(9).replace(/0+$/, '');
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

/**
 * The attempts of each step, in their order. Computing nodes have no start of their own: theirs is their end. `before` and `from`: what
 * the entries up to there gave, which is changed.
 */
export function attemptsOf(
  entries: readonly Entry[],
  before: ReadonlyMap<string, Attempt[]> = new Map(),
  from = 0,
): Map<string, Attempt[]> {
  const all = new Map(before);
  for (let place = from; place < entries.length; place++) {
    const entry = entries[place]!;
    if (!entry.path) continue;
    const list = all.get(entry.path) ?? [];
    const at = Date.parse(entry.at);
    if (entry.kind === 'step.started' || entry.kind === 'step.waiting') {
      all.set(entry.path, list);
      list.push({ number: entry.attempt ?? list.length + 1, from: at });
      continue;
    }
    const end = ends[entry.kind];
    if (!end) continue;
    all.set(entry.path, list);
    let last = list.at(-1);
    if (!last || (last.to !== undefined && last.end !== 'unknown')) {
      last = { number: entry.attempt ?? list.length + 1, from: at };
      list.push(last);
    }
    last.to = at;
    last.end = end;
    last.seq = entry.seq;
    last.usage = usageOf(entry.data);
    const retry = (entry.data as { retry_at_us?: number } | null | undefined)?.retry_at_us;
    if (typeof retry === 'number') last.retryAt = retry / 1000;
  }
  return all;
}

const after: Record<string, StepStatus> = {
  'step.started': 'running',
  'step.waiting': 'waiting',
  'step.attempt_failed': 'waiting',
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.timed_out': 'timed_out',
  'step.skipped': 'skipped',
  'step.cancelled': 'cancelled',
  'step.unknown': 'unknown',
  'step.decided': 'ready',
};
const isEnd: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled', 'timed_out', 'unknown']);

/**
 * The steps after further entries, as the server would list them. What did not change stays the same object. `types` are node
 * types by id, for steps that the list does not have yet.
 */
export function foldEntries(
  before: readonly Step[],
  entries: readonly Entry[],
  types: ReadonlyMap<string, string>,
): Step[] {
  const steps = [...before];
  const places = placesOf.get(before) ?? new Map(steps.map((step, index) => [step.path, index]));
  const put = (path: string, change: (step: Step) => Step) => {
    let place = places.get(path);
    if (place === undefined) {
      const node = partsOfPath(path).at(-1)!.node;
      place = steps.length;
      places.set(path, place);
      steps.push({ path, node, type: types.get(node) ?? '', status: 'pending', attempts: 0 });
    }
    steps[place] = change(steps[place]!);
  };
  for (const entry of entries) {
    if (!entry.path || !entry.kind.startsWith('step.')) continue;
    const path = entry.path;
    const known = places.get(path);
    const was = known === undefined ? undefined : steps[known]!.status;
    put(path, (step) => folded(step, entry));
    const container = containerOf(path);
    if (!container || !places.has(container)) continue;
    const now = steps[places.get(path)!]!.status;
    if (now !== was) put(container, (step) => counted(step, was, now));
  }
  placesOf.delete(before);
  placesOf.set(steps, places);
  return steps;
}

/** Where each step stands in a list that was made here; lists grow at their end alone, so the next one goes on with the same. */
const placesOf = new WeakMap<readonly Step[], Map<string, number>>();

function counted(step: Step, was: StepStatus | undefined, now: StepStatus): Step {
  const children = { ...step.children };
  if (was && children[was]) children[was]--;
  children[now] = (children[now] ?? 0) + 1;
  return { ...step, children };
}

function folded(before: Step, entry: Entry): Step {
  const data = (entry.data ?? {}) as Record<string, unknown>;
  const status = after[entry.kind] ?? before.status;
  const step: Step = { ...before, status, attempts: Math.max(before.attempts ?? 0, entry.attempt ?? 0) };
  if (!step.started_at && entry.kind !== 'step.skipped') step.started_at = entry.at;
  step.finished_at = isEnd.has(status) ? entry.at : null;
  const begins = entry.kind === 'step.started' || entry.kind === 'step.waiting';
  if (!begins && entry.kind !== 'step.attempt_failed') delete step.waiting_until;
  delete step.waiting_for;
  if (typeof data.until_us === 'number') step.waiting_until = new Date(data.until_us / 1000).toISOString();
  if (typeof data.retry_at_us === 'number') step.waiting_until = new Date(data.retry_at_us / 1000).toISOString();
  if (entry.kind === 'step.waiting' && data.signal) step.waiting_for = { signal: data.signal, key: data.key };
  if (typeof data.items === 'number') step.items = data.items;
  if (entry.kind === 'step.succeeded') {
    step.output_bytes = entry.value_bytes ?? step.output_bytes;
    delete step.error;
  }
  if (entry.value && (status === 'failed' || status === 'timed_out' || entry.kind === 'step.attempt_failed')) {
    step.error = entry.value as Step['error'];
  }
  const usage = usageOf(data);
  if (usage) step.usage = usage as Step['usage'];
  if (begins) delete step.reused;
  else if (data.reused === true) step.reused = true;
  return step;
}

const words: Record<string, string> = {
  'run.started': 'The run began',
  'run.cancel_requested': 'Somebody asked to cancel it',
  'run.paused': 'Paused',
  'run.resumed': 'Resumed',
  'run.signalled': 'A signal came',
  'run.rollback_started': 'Compensations began',
  'run.retried': 'Retried: it goes on from its failed steps',
  'run.succeeded': 'The run succeeded',
  'run.failed': 'The run failed',
  'run.cancelled': 'The run was cancelled',
  'run.timed_out': 'The run timed out',
  'step.started': 'began',
  'step.items': 'read its items',
  'step.waiting': 'waits',
  'step.succeeded': 'succeeded',
  'step.attempt_failed': 'attempt failed',
  'step.failed': 'failed',
  'step.timed_out': 'timed out',
  'step.skipped': 'was skipped',
  'step.cancelled': 'was cancelled',
  'step.unknown': 'has an unknown end',
  'step.attempts': 'counted attempts',
  'step.decided': 'was decided',
};

/** An entry's kind in words; a kind that a newer server writes stays as it is. */
export function kindText(kind: string): string {
  return words[kind] ?? kind;
}

/** The state that an entry speaks of, for its mark; empty when it is of none. */
export function statusOfEntry(kind: string): string {
  const word = kind.slice(kind.indexOf('.') + 1);
  const states: Record<string, string> = {
    started: 'ready',
    retried: 'retrying',
    resumed: 'ready',
    attempt_failed: 'retrying',
    cancel_requested: 'cancelled',
    rollback_started: 'retrying',
    signalled: 'done',
    decided: 'approved',
    items: 'ready',
    attempts: 'ready',
  };
  return states[word] ?? word;
}
