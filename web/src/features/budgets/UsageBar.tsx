// How much of a budget is used: settled, held by calls under way, left. The words say it too.

import { formatMoney, formatShare } from '@/lib/format';
import classes from './budgets.module.css';
import type { Budget } from './queries';

/** Of the limit that holds now; what is spent over it counts as all of it, and of a limit of nothing nothing is left. */
export function shareOf(budget: Budget): { spent: number; held: number; used: number } {
  const limit = Number(budget.present_limit_usd ?? budget.limit_usd);
  const spent = Number(budget.spent_usd);
  const held = Number(budget.held_usd);
  if (!(limit > 0)) return { spent: 1, held: 0, used: 1 };
  return { spent: Math.min(1, spent / limit), held: Math.min(1, held / limit), used: (spent + held) / limit };
}

export function stateOf(budget: Budget): 'succeeded' | 'waiting' | 'failed' {
  const { used } = shareOf(budget);
  return used >= 1 ? 'failed' : used >= 0.8 ? 'waiting' : 'succeeded';
}

export function UsageBar({ budget }: { budget: Budget }) {
  const { spent, held, used } = shareOf(budget);
  const text = `${formatMoney(budget.spent_usd)} spent, ${formatMoney(budget.held_usd)} held, of ${formatMoney(budget.present_limit_usd ?? budget.limit_usd)}`;
  return (
    <div className={classes.usage}>
      <svg className={classes.bar} viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={text}>
        <rect width="100" height="8" className={classes.track} />
        <rect width={spent * 100} height="8" fill={`var(--state-${stateOf(budget)})`} />
        <rect x={spent * 100} width={Math.min(100 - spent * 100, held * 100)} height="8" className={classes.held} />
      </svg>
      <span className="meta" title={text}>
        {formatShare(used)}
      </span>
    </div>
  );
}
