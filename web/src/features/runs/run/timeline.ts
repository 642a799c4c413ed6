// Where things lie on a run's timeline. Times are milliseconds since 1970, places are shares of the width, 0 to 1. Pure.

import type { Attempt } from './journal';
import { countsOf, hasEnded, type Step, type TreeNode } from './tree';

export interface Range {
  from: number;
  to: number;
}

export interface Bar extends Range {
  kind: 'run' | 'wait' | 'queue';
}

const ms = (time: string | null | undefined): number | undefined => (time ? Date.parse(time) : undefined);

// Reading a time costs more than all else here, and steps that do not change stay the same objects.
const times = new WeakMap<Step, { from?: number; to?: number }>();
function timesOf(step: Step): { from?: number; to?: number } {
  let known = times.get(step);
  if (!known) {
    known = { from: ms(step.started_at), to: ms(step.finished_at) };
    times.set(step, known);
  }
  return known;
}

/** The time that is drawn: from when the run was made to its end, or to now. Never empty. */
export function rangeOf(
  run: { created_at: string; finished_at?: string | null },
  steps: readonly Step[],
  now: number,
): Range {
  const from = Date.parse(run.created_at);
  let to = ms(run.finished_at) ?? now;
  // A retried run's steps may be older or newer than what the run's row says.
  for (const step of steps) to = Math.max(to, timesOf(step).to ?? 0);
  return { from, to: Math.max(to, from + 1) };
}

/** Where a time lies; outside of the range it is moved to its edge. */
export function placeOf(at: number, range: Range): number {
  return Math.min(1, Math.max(0, (at - range.from) / (range.to - range.from)));
}

const waits: ReadonlySet<string> = new Set(['wait', 'wait.signal']);

/** When a step, or what is below an item, began and ended (`now` while it has not). */
export function spanOf(node: TreeNode, now: number): Range | undefined {
  const step = node.step;
  if (step) {
    const { from, to } = timesOf(step);
    if (from === undefined) return undefined;
    return { from, to: Math.max(from, to ?? (hasEnded(step.status) ? from : now)) };
  }
  let span: Range | undefined;
  for (const child of node.children) {
    const inner = spanOf(child, now);
    if (!inner) continue;
    span = span ? { from: Math.min(span.from, inner.from), to: Math.max(span.to, inner.to) } : { ...inner };
  }
  return span;
}

/** The pieces of a row's bar: what worked is filled, what waited is hatched. */
export function barsOf(node: TreeNode, attempts: readonly Attempt[] | undefined, now: number): Bar[] {
  const span = spanOf(node, now);
  if (!span) return [];
  const step = node.step;
  if (!step || node.children.length > 0) return [{ kind: 'run', ...span }];
  if (waits.has(step.type)) return [{ kind: 'wait', ...span }];
  if (!attempts || attempts.length < 2) {
    const alone = attempts?.[0];
    if (step.status === 'waiting' && alone?.to !== undefined && alone.to < span.to) {
      return [
        { kind: 'run', from: span.from, to: alone.to },
        { kind: 'wait', from: alone.to, to: span.to },
      ];
    }
    return [{ kind: step.status === 'waiting' ? 'wait' : 'run', ...span }];
  }
  const bars: Bar[] = [];
  for (const [index, attempt] of attempts.entries()) {
    const next = attempts[index + 1];
    const to = attempt.to ?? next?.from ?? span.to;
    bars.push({ kind: 'run', from: attempt.from, to });
    const until = next?.from ?? (step.status === 'waiting' ? span.to : undefined);
    if (until !== undefined && until > to) bars.push({ kind: 'wait', from: to, to: until });
  }
  return bars;
}

/** Where further attempts begin: notches in the bar. */
export function notchesOf(attempts: readonly Attempt[] | undefined): number[] {
  return attempts?.slice(1).map((attempt) => attempt.from) ?? [];
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3,
  7200e3, 14400e3, 28800e3, 43200e3, 86400e3, 172800e3, 604800e3, 1209600e3, 2592000e3, 7776000e3, 31536000e3,
];

/** Round times since the run was made, at most `most` of them. */
export function ticksOf(range: Range, most = 6): { at: number; after: number }[] {
  const length = range.to - range.from;
  const step = steps.find((one) => length / one <= most) ?? Math.ceil(length / most / 31536000e3) * 31536000e3;
  const ticks: { at: number; after: number }[] = [];
  for (let after = 0; after <= length; after += step) ticks.push({ at: range.from + after, after });
  return ticks;
}

/** Of a container: whether something below it runs now. */
export function isBusy(node: TreeNode): boolean {
  if (node.step && node.children.length === 0) return node.step.status === 'running';
  return (countsOf(node).running ?? 0) > 0;
}
