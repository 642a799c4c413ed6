import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { afterEvents, mergeHead, newIds } from './live_rows';

type Run = Schemas['Run'];
const run = (id: string, status: Run['status'], created = '2026-11-26T10:00:00Z'): Run => ({
  id,
  flow: { id: 'flw_1', name: 'f', version: 1 },
  status,
  created_at: created,
});

describe('rows of the list after events', () => {
  it('take the state of the last event and leave others as the same object', () => {
    const change = afterEvents([
      { type: 'run.started', subject: 'run_1', time: '2026-11-26T10:00:01Z' },
      { type: 'run.failed', subject: 'run_1', time: '2026-11-26T10:00:02Z' },
    ]);
    expect(change(run('run_1', 'queued'))).toMatchObject({ status: 'failed', finished_at: '2026-11-26T10:00:02Z' });
    const other = run('run_2', 'running');
    expect(change(other)).toBe(other);
  });

  it('lose their end and error when they are retried', () => {
    const change = afterEvents([{ type: 'run.started', subject: 'run_1', time: '2026-11-26T11:00:00Z' }]);
    const failed: Run = {
      ...run('run_1', 'failed'),
      started_at: '2026-11-26T10:00:00Z',
      finished_at: '2026-11-26T10:00:09Z',
      error: { code: 'timeout', message: 'late' },
    };
    expect(change(failed)).toMatchObject({
      status: 'running',
      started_at: '2026-11-26T10:00:00Z',
      finished_at: null,
      error: null,
    });
  });

  it('stay as they are after events that tell of no state', () => {
    const row = run('run_1', 'running');
    expect(afterEvents([{ type: 'run.signalled', subject: 'run_1' }])(row)).toBe(row);
  });
});

describe('the first page beside the list', () => {
  it('renews rows in their place', () => {
    const newer = run('run_1', 'succeeded');
    expect([run('run_2', 'queued'), run('run_1', 'running')].map(mergeHead([newer])).map((one) => one.status)).toEqual([
      'queued',
      'succeeded',
    ]);
  });

  it('counts what is new, and not what only moved up from behind the end', () => {
    const shown = [run('run_3', 'failed', '2026-11-26T10:03:00Z'), run('run_2', 'failed', '2026-11-26T10:02:00Z')];
    const head = [
      run('run_4', 'failed', '2026-11-26T10:04:00Z'),
      shown[0]!,
      run('run_1', 'failed', '2026-11-26T10:01:00Z'),
    ];
    expect(newIds(head, shown)).toEqual(['run_4']);
    expect(newIds(head, [])).toHaveLength(3);
  });
});
