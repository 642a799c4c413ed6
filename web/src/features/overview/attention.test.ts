import { describe, expect, it } from 'vitest';
import { sayAttention } from './attention';
import type { Attention } from './queries';

describe('what needs attention', () => {
  it('names the flow that fails and leads to its last failed run', () => {
    const said = sayAttention({
      kind: 'flow_failing',
      flow: { id: 'flw_1', name: 'triage' },
      failed: 3,
      last_run_id: 'run_9',
    } as Attention);
    expect(said).toEqual({
      status: 'failed',
      text: 'triage failed 3 times',
      target: { to: '/runs/$id', params: { id: 'run_9' } },
    });
  });

  it('tells a budget that is used up from one that is near', () => {
    const budget = { kind: 'budget_near', scope: { type: 'workspace', id: '' }, window: 'month', limit_usd: '10.00' };
    expect(sayAttention({ ...budget, used_percent: 85 } as Attention)?.status).toBe('waiting');
    expect(sayAttention({ ...budget, used_percent: 100 } as Attention)?.status).toBe('failed');
  });

  it('leaves out what it does not know', () => {
    expect(sayAttention({ kind: 'comet' } as unknown as Attention)).toBeUndefined();
  });
});
