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
  | { state: 'error'; message: string; offset?: number }
  /** Nothing is wrong with the text: a sample or the server is not there. */
  | { state: 'unknown'; message: string };

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

/** Names that are in scope without a sample. */
export interface Unsampled {
  /** `item`, `index`, `error`. */
  names?: readonly string[];
  /** Ids of nodes. */
  missing?: readonly string[];
}

/** Why a text cannot be evaluated yet: it names what there is no sample of. Nothing when it can be tried. */
export function lackOf(text: string, mode: FieldMode, scope: SampleScope, unsampled: Unsampled): string | undefined {
  const expressions =
    mode === 'expression' ? [text] : templatesIn(text).map((one) => text.slice(one.exprFrom, one.exprTo));
  for (const one of expressions) {
    const words = wordsOf(one);
    for (const [index, word] of words.entries()) {
      if (word.kind !== 'name') continue;
      const name = one.slice(word.from, word.to);
      if (name === 'input' && scope.input === undefined)
        return "No sample of the run's input yet: a test run gives one.";
      if (unsampled.names?.includes(name) && scope[name as keyof SampleScope] === undefined)
        return `No sample of ${name} here.`;
      if (name !== 'nodes') continue;
      const next = words[index + 2];
      const id = next && one.slice(next.from, next.to).replace(/^['"`]|['"`]$/g, '');
      if (id && unsampled.missing?.includes(id) && scope.nodes?.[id] === undefined) {
        return `No sample of ${id} yet: a test run gives one, or pin its output.`;
      }
    }
  }
  return undefined;
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
  unsampled: Unsampled = {},
): Preview {
  const [preview, setPreview] = useState<Preview>({ state: 'nothing' });
  const { names, missing } = unsampled;
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
    const lack = lackOf(text, mode, scope ?? {}, { names, missing });
    if (lack) {
      setPreview({ state: 'unknown', message: lack });
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      setPreview((before) => (before.state === 'value' || before.state === 'error' ? before : { state: 'asking' }));
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
          setPreview({ state: 'unknown', message: `No preview: ${reason}` });
        },
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, mode, scope, ask, active, names, missing]);
  return preview;
}
