// A state: icon, word and colour. The word stays in ink, the colour is on the icon.

import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  Clock,
  LoaderCircle,
  type LucideIcon,
  PackageX,
  Pause,
  RotateCw,
  Shield,
  SkipForward,
  TimerOff,
} from 'lucide-react';
import { formatWord } from '@/lib/format';
import classes from './StatusMark.module.css';

export type StateColour = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed';

const looks: Record<string, { icon: LucideIcon; colour: StateColour }> = {
  queued: { icon: CircleDashed, colour: 'queued' },
  pending: { icon: CircleDashed, colour: 'queued' },
  ready: { icon: CircleDashed, colour: 'queued' },
  running: { icon: LoaderCircle, colour: 'running' },
  draining: { icon: LoaderCircle, colour: 'running' },
  waiting: { icon: Clock, colour: 'waiting' },
  retrying: { icon: RotateCw, colour: 'waiting' },
  approval: { icon: Shield, colour: 'waiting' },
  unknown: { icon: Shield, colour: 'waiting' },
  succeeded: { icon: CircleCheck, colour: 'succeeded' },
  done: { icon: CircleCheck, colour: 'succeeded' },
  active: { icon: CircleCheck, colour: 'succeeded' },
  approved: { icon: CircleCheck, colour: 'succeeded' },
  healthy: { icon: CircleCheck, colour: 'succeeded' },
  failed: { icon: CircleX, colour: 'failed' },
  denied: { icon: CircleX, colour: 'failed' },
  error: { icon: CircleX, colour: 'failed' },
  timed_out: { icon: TimerOff, colour: 'failed' },
  dead: { icon: PackageX, colour: 'failed' },
  dead_lettered: { icon: PackageX, colour: 'failed' },
  cancelled: { icon: Ban, colour: 'queued' },
  disabled: { icon: Ban, colour: 'queued' },
  revoked: { icon: Ban, colour: 'queued' },
  expired: { icon: Ban, colour: 'queued' },
  paused: { icon: Pause, colour: 'queued' },
  skipped: { icon: SkipForward, colour: 'queued' },
};

/** Which of the five state colours a state has: `var(--state-${stateColour(status)})`. */
export function stateColour(status: string): StateColour {
  return looks[status]?.colour ?? 'queued';
}

/** `word`: another word than the API's. `bare`: the icon alone, where a column has no room (the word is its label). */
export function StatusMark({ status, word, bare }: { status: string; word?: string; bare?: boolean }) {
  const { icon: Icon, colour } = looks[status] ?? { icon: CircleDashed, colour: 'queued' };
  const said = word ?? formatWord(status);
  const turns = Icon === LoaderCircle;
  return (
    <span className={classes.mark} data-status={status}>
      <Icon
        size={16}
        strokeWidth={1.75}
        className={turns ? classes.turning : undefined}
        style={{ color: `var(--state-${colour})` }}
        aria-hidden={!bare}
        aria-label={bare ? said : undefined}
        role={bare ? 'img' : undefined}
      />
      {!bare && <span className={status === 'skipped' ? classes.struck : undefined}>{said}</span>}
    </span>
  );
}
