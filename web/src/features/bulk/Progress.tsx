import { formatShare } from '@/lib/format';
import classes from './Bulk.module.css';
import type { BulkAction } from './queries';
import { shareOf } from './words';

/** How far an action is: what was done, what was refused. */
export function Progress({ action, small }: { action: BulkAction; small?: boolean }) {
  const share = (count: number) => `${action.total === 0 ? 0 : (count / action.total) * 100}%`;
  return (
    <div
      className={`${classes.bar} ${small ? classes.small : ''}`}
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={action.total}
      aria-valuenow={action.done + action.failed}
      title={formatShare(shareOf(action))}
    >
      <span className={classes.done} style={{ width: share(action.done) }} />
      <span className={classes.failed} style={{ width: share(action.failed) }} />
    </div>
  );
}
