import { describe, expect, it } from 'vitest';
import { furtherDetails, newerText, sentence } from './words';

const now = Date.parse('2026-11-26T20:15:00Z');

describe('what a run says about itself', () => {
  it('is not shown to who may not read it, and says so', () => {
    for (const text of [null, undefined, '']) expect(sentence(text, now)).toMatch(/Your role may not read/);
  });
  it('does not say again how long it took', () => {
    expect(sentence('the run failed after 10ms at the step divide: by zero (invalid_argument)', now)).toBe(
      'The run failed at the step divide: by zero (invalid_argument).',
    );
    expect(sentence('the run timed out after 1h2m: too slow', now)).toBe('The run timed out: too slow.');
    expect(sentence('the run was cancelled after 2s10ms: sent twice', now)).toBe('The run was cancelled: sent twice.');
  });
  it('says times from now, and leaves out what is for the command line', () => {
    expect(sentence('it waits until 2026-11-26T20:18:00Z', now)).toBe('It waits for 3 m more.');
    expect(sentence('it waits for a signal: POST /api/v1/runs/run_1/signals/go', now)).toBe('It waits for a signal.');
    expect(sentence('the next attempt comes after 9m32s692ms', now)).toMatch(/9 m 33 s|9 m 32 s/);
  });
});

describe('the version that is live', () => {
  it('is named where the run had another one', () => {
    expect(newerText(2, 3, '2026-11-26T20:14:00Z', now)).toBe('v3 is live, made 1 min ago; this run had v2');
    expect(newerText(-4, 3, undefined, now)).toBe('v3 is live; this run had a draft');
  });
  it('is not spoken of where it is the same, or none is', () => {
    expect(newerText(3, 3, undefined, now)).toBe('');
    expect(newerText(3, null, undefined, now)).toBe('');
    expect(newerText(3, undefined, undefined, now)).toBe('');
  });
});

describe('the details of an error', () => {
  it('are shown where they say more than the message', () => {
    expect(furtherDetails('bad', undefined)).toBeUndefined();
    expect(furtherDetails('bad', null)).toBeUndefined();
    expect(furtherDetails('bad', [{ pointer: '', message: 'bad' }])).toBeUndefined();
    expect(furtherDetails('bad', [{ pointer: '/a', message: 'bad' }, { message: 'bad' }])).toEqual([
      { pointer: '/a', message: 'bad' },
    ]);
    expect(furtherDetails('bad', { status: 503 })).toEqual({ status: 503 });
  });
});
