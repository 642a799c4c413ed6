// Prices in words. What is not known is not zero. Pure.

import type { Model, ModelPrice } from './queries';

const kinds: [string, string][] = [
  ['input', 'input'],
  ['output', 'output'],
  ['cache_read', 'from caches'],
  ['cache_write_5m', 'into caches (5 min)'],
  ['cache_write_1h', 'into caches (1 h)'],
];

/** The price of a million tokens of one kind: "$2", "free", "unknown". */
export function priceOf(price: ModelPrice | null | undefined, kind: string): string {
  const usd = price?.usd_per_million?.[kind];
  if (usd === undefined) return 'unknown';
  return Number(usd) === 0 ? 'free' : `$${Number(usd)}`;
}

/** Every kind that the version tells, in order; those that only it knows at the end. */
export function linesOf(price: ModelPrice): [string, string][] {
  const known = kinds.filter(([kind]) => price.usd_per_million[kind] !== undefined);
  const rest = Object.keys(price.usd_per_million).filter((kind) => !kinds.some(([name]) => name === kind));
  return [
    ...known.map(([kind, words]) => [words, priceOf(price, kind)] as [string, string]),
    ...rest.map((kind) => [kind.replaceAll('_', ' '), priceOf(price, kind)] as [string, string]),
  ];
}

export const present = (model: Model): ModelPrice | null => model.price as ModelPrice | null;
