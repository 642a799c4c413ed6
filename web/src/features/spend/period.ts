// Periods that spend is shown for, and gaps filled so that a chart shows days without calls. Pure.

import { formatDuration } from '@/lib/format';
import type { SpendSum } from './queries';

export const periods = ['24h', '7d', '30d', '90d'] as const;
export type Period = (typeof periods)[number];
const hours: Record<Period, number> = { '24h': 24, '7d': 168, '30d': 720, '90d': 2160 };

/** From a whole hour or day on, so that the same period is asked for all the time. */
export function startOf(period: Period, now = Date.now()): string {
  const part = partOf(period) === 'hour' ? 3_600_000 : 86_400_000;
  return new Date(Math.floor((now - hours[period] * 3_600_000) / part + 1) * part).toISOString();
}

export const partOf = (period: Period): 'hour' | 'day' => (period === '24h' ? 'hour' : 'day');

/** One sum for each hour or day from `from` until now; those without calls are zero. Times in seconds. */
export function fillGaps(items: readonly SpendSum[], period: Period, from: string, now = Date.now()) {
  const part = partOf(period) === 'hour' ? 3_600_000 : 86_400_000;
  const known = new Map(items.map((item) => [Date.parse(item.key), Number(item.cost_usd)]));
  const times: number[] = [];
  const costs: number[] = [];
  for (let at = Date.parse(from); at <= now; at += part) {
    times.push(at / 1000);
    costs.push(known.get(at) ?? 0);
  }
  return { times, costs };
}

const milliseconds: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** "241us" of the API as people read it: "under 1 ms". What it does not know it leaves as it is. */
export function sayDuration(text: string | null | undefined): string {
  if (!text) return '';
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)/g)];
  if (parts.map(([whole]) => whole).join('') !== text) return text;
  const all = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (milliseconds[unit ?? ''] ?? 0), 0);
  return all > 0 && all < 1 ? 'under 1 ms' : formatDuration(all);
}
