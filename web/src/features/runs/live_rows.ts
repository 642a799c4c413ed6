// How the rows of the list follow the workspace's events without moving. Pure.

import type { Schemas } from '@/api/client';
import { runStatuses } from './filters';

type Run = Schemas['Run'];

export interface RunEvent {
  type: string;
  subject: string;
  time?: string;
}

const ends: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'timed_out']);

/** The run's state after an event; undefined where the event tells of none. */
function statusAfter(type: string): Run['status'] | undefined {
  const word = type.slice('run.'.length);
  if (word === 'started') return 'running';
  return runStatuses.find((status) => status === word);
}

/** What becomes of a row. The last event of a run counts. */
export function afterEvents(events: readonly RunEvent[]): (run: Run) => Run {
  const last = new Map(events.filter((event) => statusAfter(event.type)).map((event) => [event.subject, event]));
  return (run) => {
    const event = last.get(run.id);
    const status = event && statusAfter(event.type);
    if (!event || !status || run.status === status) return run;
    const changed: Run = { ...run, status };
    if (status === 'running') {
      changed.started_at = run.started_at ?? event.time ?? null;
      changed.finished_at = null;
      changed.error = null;
    }
    if (ends.has(status)) changed.finished_at = event.time ?? null;
    return changed;
  };
}

/** Rows that the first page has newer take its state. */
export function mergeHead(head: readonly Run[]): (run: Run) => Run {
  const byId = new Map(head.map((run) => [run.id, run]));
  return (run) => byId.get(run.id) ?? run;
}

/** The runs of the first page that the list does not have; those that only moved up from beyond the list's end do not count. */
export function newIds(head: readonly Run[], items: readonly Run[]): string[] {
  const shown = new Set(items.map((run) => run.id));
  const last = items.at(-1);
  return head.filter((run) => !shown.has(run.id) && (!last || run.created_at >= last.created_at)).map((run) => run.id);
}
