// What the server says of a run and its errors, as the page says it. Pure.

import { formatAgo, formatDuration } from '@/lib/format';

/** Times inside of the server's sentences read better as "in 2 min"; the whole time is in the steps' own details. */
function readable(text: string, now: number): string {
  return (
    text
      // How long it took stands beside, from the same two times.
      .replace(/^(the run \S+(?: \S+)?) after (?:\d+(?:d|h|m|s|ms))+\b/, '$1')
      .replace(/\buntil (\d{4}-\d\d-\d\dT[\d:.]+Z)/g, (_, time: string) => untilText(time, now))
      .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => formatAgo(time, now))
      .replace(/\b(?:\d+(?:d|h|m|s|ms)){2,}\b/g, (length) => formatDuration(durationOf(length)))
  );
}

/** "for 3 min more", of a time that is to come. */
export function untilText(time: string, now: number): string {
  const left = Date.parse(time) - now;
  return left > 1000 ? `for ${formatDuration(left)} more` : 'until about now';
}

const units: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** "9m32s692ms" in milliseconds. */
function durationOf(text: string): number {
  return [...text.matchAll(/(\d+)(d|h|ms|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]!,
    0,
  );
}

/** The sentence of the server without what is for the command line. It is null for who may not read data of runs. */
export function sentence(text: string | null | undefined, now = Date.now()): string {
  if (!text) return 'Your role may not read what the run says about itself.';
  const plain = readable(text, now)
    .replace(/: POST \/api\/\S+/g, '')
    .replace(/: look at the other side, then `[^`]+`/g, ': look at the other side, then decide');
  return plain.charAt(0).toUpperCase() + plain.slice(1) + (/[.!?]$/.test(plain) ? '' : '.');
}

/** That another version is live than the one that ran; empty where it is not so. */
export function newerText(
  ran: number | undefined,
  live: number | null | undefined,
  made: string | undefined,
  now = Date.now(),
): string {
  if (!live || live === ran) return '';
  const had = ran === undefined || ran < 0 ? 'a draft' : `v${ran}`;
  return `v${live} is live${made ? `, made ${formatAgo(made, now)}` : ''}; this run had ${had}`;
}

/** What an error's details say beyond its message; undefined for nothing. */
export function furtherDetails(message: string | null | undefined, details: unknown): unknown {
  if (details === undefined || details === null) return undefined;
  if (!Array.isArray(details)) return details;
  const further = details.filter((one) => {
    const detail = one as { pointer?: unknown; message?: unknown } | null;
    return !detail || typeof detail !== 'object' || detail.pointer || detail.message !== message;
  });
  return further.length > 0 ? further : undefined;
}
