import { describe, expect, it } from 'vitest';
import { bulkFilterOf, noFilters, queryOf, runSearch } from './filters';

const now = Date.parse('2026-11-26T20:15:37Z');

describe('the filters of the list of runs', () => {
  it('stand in the address and come back the same', () => {
    const values = { ...noFilters, status: ['failed', 'timed_out'] as const, flow: 'flw_1', version: 3, q: 'x=1&y' };
    const search = runSearch.format({ ...values, status: [...values.status] });
    expect(search).toEqual({ status: 'failed,timed_out', flow: 'flw_1', version: '3', q: 'x=1&y' });
    expect(runSearch.parse(search)).toEqual({ ...values, status: ['failed', 'timed_out'] });
  });

  it('drop what is unknown', () => {
    expect(
      runSearch.parse({ status: 'failed,broken', version: '-2', range: '3y', from: 'yesterday', trigger: 'x' }),
    ).toEqual({ ...noFilters, status: ['failed'] });
  });

  it('ask from the beginning of a minute, so that the question stays the same within it', () => {
    const values = { ...noFilters, range: '1h' as const };
    expect(queryOf(values, '', now).from).toBe('2026-11-26T19:15:00.000Z');
    expect(queryOf(values, '', now + 20_000).from).toBe(queryOf(values, '', now).from);
  });

  it('let a range win over fixed times', () => {
    const values = { ...noFilters, range: '24h' as const, from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' };
    expect(queryOf(values, '', now)).toMatchObject({ from: '2026-11-25T20:15:00.000Z', to: undefined });
  });

  it('name a version only together with its flow', () => {
    expect(queryOf({ ...noFilters, version: 2 }, '', now).version).toBeUndefined();
    expect(queryOf({ ...noFilters, version: 2, flow: 'flw_1' }, '', now).version).toBe(2);
  });
});

describe('a bulk action by the filters of the list', () => {
  it('takes all that the filter bar has along', () => {
    const values = {
      ...noFilters,
      status: ['failed' as const],
      flow: 'flw_1',
      version: 3,
      trigger: 'api' as const,
      parent: 'run_1',
      q: ' no route ',
      from: '2026-11-01T00:00:00Z',
      to: '2026-11-02T00:00:00Z',
    };
    expect(bulkFilterOf(values, 'shop', 'retry', now)).toEqual({
      status: ['failed'],
      flow: 'flw_1',
      version: 3,
      trigger: 'api',
      parent: 'run_1',
      q: 'no route',
      project: 'shop',
      since: '2026-11-01T00:00:00Z',
      until: '2026-11-02T00:00:00Z',
    });
  });

  it('leaves out statuses to which it cannot be done', () => {
    const values = { ...noFilters, status: ['failed' as const, 'running' as const] };
    expect(bulkFilterOf(values, '', 'retry', now)).toEqual({ status: ['failed'] });
    expect(bulkFilterOf(values, '', 'cancel', now)).toEqual({ status: ['running'] });
  });

  it('says what usually is meant where no status is chosen, and asks for one to run again', () => {
    expect(bulkFilterOf(noFilters, '', 'retry', now)).toEqual({ status: ['failed', 'timed_out'] });
    expect(bulkFilterOf(noFilters, '', 'rerun', now)).toMatch(/Say which runs by their status/);
  });

  it('is refused rather than done to more than what is shown', () => {
    expect(bulkFilterOf({ ...noFilters, flow: 'triage' }, '', 'retry', now)).toMatch(/needs its id/);
    expect(bulkFilterOf({ ...noFilters, status: ['succeeded'] }, '', 'retry', now)).toMatch(/cannot be retried/);
  });
});
