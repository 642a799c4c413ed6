// What needs attention, in words, and where to go about it. Pure, so that it can be tested.

import type { Target } from '@/components/Link';
import { formatMoney, formatNumber, formatWord } from '@/lib/format';
import type { Attention } from './queries';

export interface Said {
  status: 'failed' | 'waiting' | 'paused' | 'draining' | 'unknown';
  text: string;
  target: Target;
}

/** `undefined` of a kind that this page does not know: a newer server's. */
export function sayAttention(item: Attention): Said | undefined {
  switch (item.kind) {
    case 'unknown_steps':
      return {
        status: 'unknown',
        text: `${formatNumber(item.count ?? 0, 'step')} ended unknown: a person decides`,
        target: { to: '/dead-letters', search: { by: 'letter' } },
      };
    case 'queue_paused':
    case 'queue_draining':
      return {
        status: item.kind === 'queue_paused' ? 'paused' : 'draining',
        text: `Queue ${item.queue} is ${item.kind === 'queue_paused' ? 'paused' : 'draining'}, ${formatNumber(item.queued ?? 0, 'run')} queued`,
        target: { to: '/queues/$name', params: { name: item.queue ?? '' } },
      };
    case 'queue_stuck':
      return {
        status: 'waiting',
        text: `Queue ${item.queue} starts nothing, ${formatNumber(item.queued ?? 0, 'run')} queued`,
        target: { to: '/queues/$name', params: { name: item.queue ?? '' } },
      };
    case 'flow_failing':
      return {
        status: 'failed',
        text: `${item.flow?.name} failed ${formatNumber(item.failed ?? 0, 'time')}`,
        target: { to: '/runs/$id', params: { id: item.last_run_id ?? '' } },
      };
    case 'budget_approval':
      return {
        status: 'waiting',
        text: `Budget of ${formatWord(item.scope?.type ?? '')} ${item.scope?.id ?? ''} refuses calls until somebody raises it: ${item.used_percent} % of ${formatMoney(item.limit_usd ?? '0')} for the ${item.window} is used`,
        target: { to: '/budgets', search: { budget: item.budget_id } },
      };
    case 'budget_near':
      return {
        status: (item.used_percent ?? 0) >= 100 ? 'failed' : 'waiting',
        text: `Budget of ${formatWord(item.scope?.type ?? '')} ${item.scope?.id ?? ''}: ${item.used_percent} % of ${formatMoney(item.limit_usd ?? '0')} for the ${item.window} is used`,
        target: { to: '/budgets', search: { budget: item.budget_id } },
      };
    case 'dead_letters':
      return {
        status: 'failed',
        text: `${formatNumber(item.count ?? 0, 'dead letter')} open`,
        target: { to: '/dead-letters' },
      };
    default:
      return undefined;
  }
}
