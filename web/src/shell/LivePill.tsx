import { Tooltip } from '@mantine/core';
import { useNow } from '@/components/Values';
import { formatDuration } from '@/lib/format';
import { useLiveState } from '@/lib/live';
import classes from './LivePill.module.css';

/** Whether the page hears of changes at once, and else how old what it shows may be. */
export function LivePill({ compact }: { compact: boolean }) {
  const state = useLiveState();
  const now = useNow('fast');
  const age = Math.max(0, now - state.since);
  const stale = (state.kind === 'reconnecting' || state.kind === 'connecting') && age > 10_000;
  const [word, tells] =
    state.kind === 'live'
      ? ['Live', 'Changes are shown as they happen.']
      : state.kind === 'paused'
        ? ['Paused', 'Nobody looked at this page; it goes on where it stopped.']
        : state.kind === 'polling'
          ? [
              'Every 5 s',
              'No live connection: the page is read anew every five seconds. A proxy may not let WebSockets through.',
            ]
          : stale
            ? [`Stale ${formatDuration(age)}`, 'No connection to the server. What is shown may be old.']
            : state.kind === 'connecting'
              ? ['Connecting', 'The live connection is being opened.']
              : ['Reconnecting', 'The live connection broke and is being opened again.'];
  return (
    <Tooltip label={tells}>
      <span className={classes.pill} data-live={state.kind} data-stale={stale || undefined} role="status" tabIndex={0}>
        <span className={classes.dot} aria-hidden />
        <span className={compact ? classes.hidden : undefined}>{word}</span>
      </span>
    </Tooltip>
  );
}
