// Two runs side by side, step by step. Pure.

import type { Usage } from './journal';
import type { RunDiff } from './queries';
import { hasEnded, type Step } from './tree';

export type DiffStep = RunDiff['steps'][number];

export interface Side {
  status: string;
  attempts: number;
  took?: number;
  tokens: number;
  cost: number;
  reused: boolean;
}

export interface ComparedStep {
  path: string;
  first?: Side;
  second?: Side;
  change: 'same' | DiffStep['change'];
  /** What differs: status, attempts, output, error. */
  fields: string[];
  output?: DiffStep['output'];
}

function sideOf(step: Step | undefined): Side | undefined {
  if (!step || step.status === 'pending') return undefined;
  const usage = step.usage as Usage | undefined;
  const took =
    step.started_at && step.finished_at && !step.reused
      ? Date.parse(step.finished_at) - Date.parse(step.started_at)
      : undefined;
  return {
    status: step.status,
    attempts: step.attempts ?? 0,
    took: hasEnded(step.status) ? took : undefined,
    tokens: (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0),
    cost: Number(usage?.cost_usd ?? 0),
    reused: step.reused ?? false,
  };
}

/** The steps of both runs in the order of the first one, what only the second one has behind them. */
export function compareSteps(diff: RunDiff, first: readonly Step[], second: readonly Step[]): ComparedStep[] {
  const changes = new Map(diff.steps.map((step) => [step.path, step]));
  const [a, b] = [first, second].map((steps) => new Map(steps.map((step) => [step.path, step]))) as [
    Map<string, Step>,
    Map<string, Step>,
  ];
  const paths = [
    ...new Set([...first.map((step) => step.path), ...second.map((step) => step.path), ...changes.keys()]),
  ];
  return paths.map((path) => {
    const change = changes.get(path);
    return {
      path,
      first: sideOf(a.get(path)),
      second: sideOf(b.get(path)),
      change: change?.change ?? 'same',
      fields: change?.fields ?? [],
      output: change?.output,
    };
  });
}

/** How much longer, dearer or more the second one was: "+1.2 s", "-40 %"; empty when there is nothing to tell. */
export function difference(
  first: number | undefined,
  second: number | undefined,
  format: (size: number) => string,
): string {
  if (first === undefined || second === undefined || first === second) return '';
  const by = second - first;
  return `${by > 0 ? '+' : '−'}${format(Math.abs(by))}`;
}

export interface OutputPlace {
  pointer: string;
  first?: unknown;
  second?: unknown;
}

/** The places in which two values differ, as the server lists them. */
export function placesOf(output: unknown): { places: OutputPlace[]; truncated: boolean; tooLarge: boolean } {
  const given = (output ?? {}) as { places?: OutputPlace[]; truncated?: boolean; too_large?: boolean };
  return { places: given.places ?? [], truncated: given.truncated === true, tooLarge: given.too_large === true };
}
