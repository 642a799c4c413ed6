// The order of a route's targets. Pure.

import type { Target } from './queries';

/** The target at `index` one place up (-1) or down (1); at an end it stays. */
export function moved(targets: readonly Target[], index: number, by: -1 | 1): Target[] {
  const to = index + by;
  const next = [...targets];
  const here = next[index];
  const there = next[to];
  if (!here || !there) return next;
  next[index] = there;
  next[to] = here;
  return next;
}

/** The share of calls that a target gets first, by its weight. */
export function shareOf(targets: readonly Target[], index: number): number {
  const weight = (target: Target) => target.weight ?? 1;
  const all = targets.reduce((sum, target) => sum + weight(target), 0);
  const one = targets[index];
  return one && all > 0 ? weight(one) / all : 0;
}
