import { describe, expect, it } from 'vitest';
import { apply, type Column, takeEvents } from './stream';

const columns: Column[] = [
  { model: 'a', text: '', done: false },
  { model: 'b', text: '', done: false },
];

describe('the stream of a comparison', () => {
  it('keeps what has not ended for the next read', () => {
    const { events, rest } = takeEvents('event: delta\ndata: {"index":0,"text":"Hi"}\n\nevent: del');
    expect(events).toEqual([{ event: 'delta', data: { index: 0, text: 'Hi' } }]);
    expect(rest).toBe('event: del');
  });

  it('takes comments, CRLF and broken lines without harm', () => {
    expect(takeEvents(': ping\r\n\r\ndata: {oh\r\n\r\n').events).toEqual([]);
  });

  it('puts each text into its column', () => {
    const after = apply(apply(columns, { event: 'delta', data: { index: 1, text: 'He' } }), {
      event: 'delta',
      data: { index: 1, text: 'llo' },
    });
    expect(after.map((column) => column.text)).toEqual(['', 'Hello']);
  });

  it('ends a column with its figures, or with what went wrong', () => {
    const [first, second] = apply(
      apply(columns, {
        event: 'result',
        data: {
          index: 0,
          text: 'Hi',
          first_token_ms: 12,
          duration_ms: 40,
          cost_usd: '0.01',
          usage: { input_tokens: 3, output_tokens: 5 },
        },
      }),
      { event: 'result', data: { index: 1, duration_ms: 2, error: { message: 'there is no model b' } } },
    );
    expect(first).toMatchObject({
      done: true,
      text: 'Hi',
      first_token_ms: 12,
      input_tokens: 3,
      output_tokens: 5,
      cost_usd: '0.01',
    });
    expect(second).toMatchObject({ done: true, error: 'there is no model b', cost_usd: null });
  });
});
