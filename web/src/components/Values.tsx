// Values as people read them, with the whole value on hover: Id, Ago, Duration, Money, Tokens.

import { Tooltip, UnstyledButton } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { formatAgo, formatBetween, formatCount, formatMoney, formatTime } from '@/lib/format';
import { shortId } from '@/lib/ids';
import classes from './Values.module.css';

// One clock for everything that grows older on the page: a tick every five seconds, and every second for what runs.
/** For tests; pages use useNow. */
export function makeClock(interval: number) {
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const watchers = new Set<() => void>();
  const watch = (watcher: () => void) => {
    // The time of the last tick may be long ago.
    if (!timer) now = Date.now();
    watchers.add(watcher);
    timer ??= setInterval(() => {
      now = Date.now();
      for (const one of watchers) one();
    }, interval);
    return () => {
      watchers.delete(watcher);
      if (watchers.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
  // Before anybody watches, the same for all who ask within one tick.
  const get = () => {
    if (!timer && Date.now() - now >= interval) now = Date.now();
    return now;
  };
  return { watch, get };
}
const slow = makeClock(5_000);
const fast = makeClock(1_000);

/** The time now, in milliseconds, renewed every second (`fast`) or every five. */
export function useNow(how: 'fast' | 'slow' = 'slow'): number {
  const clock = how === 'fast' ? fast : slow;
  return useSyncExternalStore(clock.watch, clock.get);
}

/** "run_w5x9zka": copies the whole id on click. */
export function Id({ id, whole }: { id: string; whole?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Tooltip label={copied ? 'Copied' : `${id} (click to copy)`}>
      <UnstyledButton
        className={classes.id}
        aria-label={`${whole ? id : shortId(id)}, copy the id`}
        onClick={(event) => {
          event.stopPropagation();
          event.preventDefault();
          void navigator.clipboard?.writeText(id).then(() => setCopied(true));
        }}
      >
        {whole ? id : shortId(id)}
      </UnstyledButton>
    </Tooltip>
  );
}

/** "3 min ago". */
export function Ago({ time, empty = '' }: { time: string | null | undefined; empty?: string }) {
  const now = useNow();
  if (!time) return empty;
  return (
    <time dateTime={time} title={formatTime(time)} className={classes.value}>
      {formatAgo(time, now)}
    </time>
  );
}

/** How long it took, or takes by now. */
export function Duration({ from, to, empty = '' }: { from?: string | null; to?: string | null; empty?: string }) {
  return from && !to ? (
    <Running from={from} />
  ) : (
    <span className={classes.value}>{from ? formatBetween(from, to) : empty}</span>
  );
}

function Running({ from }: { from: string }) {
  const now = useNow('fast');
  return <span className={classes.value}>{formatBetween(from, null, now)}</span>;
}

/** A decimal string of dollars, as the API gives it. */
export function Money({ usd, empty = '' }: { usd: string | number | null | undefined; empty?: string }) {
  if (usd === null || usd === undefined || usd === '') return empty;
  return (
    <span title={`$${usd}`} className={classes.value}>
      {formatMoney(usd)}
    </span>
  );
}

/** 12.4k, with the full number, or input and output apart, on hover. */
export function Tokens({ input, output, count }: { input?: number | null; output?: number | null; count?: number }) {
  const sum = count ?? (input ?? 0) + (output ?? 0);
  const whole =
    count === undefined
      ? `${(input ?? 0).toLocaleString('en-US')} in, ${(output ?? 0).toLocaleString('en-US')} out`
      : `${sum.toLocaleString('en-US')} tokens`;
  return (
    <span title={whole} className={classes.value}>
      {formatCount(sum)}
    </span>
  );
}
