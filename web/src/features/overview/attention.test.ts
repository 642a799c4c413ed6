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

  it('asks for the approval that calls of a budget wait for, however much of it is used', () => {
    const said = sayAttention({
      kind: 'budget_approval',
      budget_id: 'bdg_1',
      scope: { type: 'project', id: 'shop' },
      window: 'day',
      limit_usd: '10.00',
      used_percent: 40,
    } as Attention);
    expect(said?.status).toBe('waiting');
    expect(said?.text).toContain('refuses calls until somebody raises it');
    expect(said?.target).toEqual({ to: '/budgets', search: { budget: 'bdg_1' } });
  });

  it('leaves out what it does not know', () => {
    expect(sayAttention({ kind: 'comet' } as unknown as Attention)).toBeUndefined();
  });
});
