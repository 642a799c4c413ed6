// The live preview of an expression: what is asked, when, and what is told of the answer.
import { useEffect, useState } from 'react';
import type { FieldMode, SampleScope } from './completion';
import type { Json } from './json';
import { templatesIn, wordsOf } from './templates';

export type PreviewRequest = { expression: string } | { template: string };

export type PreviewAnswer =
  | { value: Json }
  | { error: { message: string; position?: { line: number; column: number } | null } };

/** `POST /api/v1/expressions/preview`. */
export type PreviewExpression = (
  request: PreviewRequest,
  scope: SampleScope,
  signal: AbortSignal,
) => Promise<PreviewAnswer>;

export type Preview =
  | { state: 'nothing' }
  | { state: 'secret' }
  | { state: 'asking' }
  | { state: 'value'; value: Json }
  | { state: 'error'; message: string; offset?: number };

/** What to ask for a field's text; nothing where there is nothing to evaluate. */
export function requestOf(text: string, mode: FieldMode): PreviewRequest | undefined {
  if (mode === 'expression') return text.trim() === '' ? undefined : { expression: text };
  return templatesIn(text).some((one) => text.slice(one.exprFrom, one.exprTo).trim() !== '')
    ? { template: text }
    : undefined;
}

/** Whether the text names a secret: the server gives none to a preview. */
export function namesSecret(text: string, mode: FieldMode): boolean {
  const expressions =
    mode === 'expression' ? [text] : templatesIn(text).map((one) => text.slice(one.exprFrom, one.exprTo));
  return expressions.some((one) =>
    wordsOf(one).some((word) => word.kind === 'name' && one.slice(word.from, word.to) === 'secrets'),
  );
}

/** The offset of a line and column, both from 1, columns in characters. */
export function offsetOf(text: string, place: { line: number; column: number }): number {
  let from = 0;
  for (let line = 1; line < place.line; line++) {
    const end = text.indexOf('\n', from);
    if (end === -1) return text.length;
    from = end + 1;
  }
  let column = 1;
  while (column < place.column && from < text.length && text[from] !== '\n') {
    from += (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
    column++;
  }
  return from;
}

/** Milliseconds after the last key until the server is asked. */
const PAUSE = 250;

/** The preview of a field's text while `active`. An answer to an older text is never shown. */
export function usePreview(
  text: string,
  mode: FieldMode,
  scope: SampleScope | undefined,
  ask: PreviewExpression | undefined,
  active: boolean,
): Preview {
  const [preview, setPreview] = useState<Preview>({ state: 'nothing' });
  useEffect(() => {
    const request = ask && active ? requestOf(text, mode) : undefined;
    if (!request || !ask) {
      setPreview({ state: 'nothing' });
      return;
    }
    if (namesSecret(text, mode)) {
      setPreview({ state: 'secret' });
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      setPreview((before) => (before.state === 'nothing' || before.state === 'secret' ? { state: 'asking' } : before));
      ask(request, scope ?? {}, stop.signal).then(
        (answer) => {
          if (stop.signal.aborted) return;
          if ('value' in answer) setPreview({ state: 'value', value: answer.value });
          else {
            const { message, position } = answer.error;
            setPreview({ state: 'error', message, offset: position ? offsetOf(text, position) : undefined });
          }
        },
        (error: unknown) => {
          if (stop.signal.aborted) return;
          const reason = error instanceof Error ? error.message : String(error);
          setPreview({ state: 'error', message: `No preview: ${reason}` });
        },
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, mode, scope, ask, active]);
  return preview;
}
