// Loads a large value part by part: the first at once, the others when asked for.
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Json, parseJson } from './json';
import { Pretty } from './pretty';
import { byteLength, type LoadPart, nextPart, STRUCTURE_LIMIT } from './sizes';

export interface Loaded {
  /** The text as it is stored. */
  text: string;
  /** The text on several lines. */
  shown: string;
  /** Bytes that are there, and of the whole; no total before the first part. */
  bytes: number;
  total: number | undefined;
  busy: boolean;
  error: unknown;
  /** The value, once all of it is there and it is not over the limit. */
  value: { ok: true; value: Json } | { ok: false; message: string } | undefined;
}

const NOTHING: Loaded = {
  text: '',
  shown: '',
  bytes: 0,
  total: undefined,
  busy: false,
  error: undefined,
  value: undefined,
};

/** A value that is there already, as if it had been loaded. */
export function loadedOf(value: Json): Loaded {
  const text = JSON.stringify(value);
  const total = byteLength(text);
  if (total > STRUCTURE_LIMIT) return NOTHING;
  return {
    text,
    shown: new Pretty().push(text),
    bytes: total,
    total,
    busy: false,
    error: undefined,
    value: { ok: true, value },
  };
}

export function useParts(
  load: LoadPart | undefined,
  at: Loaded = NOTHING,
): { loaded: Loaded; more: (all?: boolean) => void } {
  const [loaded, setLoaded] = useState<Loaded>(at);
  const state = useRef<{ loaded: Loaded; pretty: Pretty; turn: number }>({ loaded: at, pretty: new Pretty(), turn: 0 });

  const more = useCallback(
    (all = false) => {
      const now = state.current;
      if (!load || now.loaded.busy) return;
      const turn = now.turn;
      const put = (next: Loaded) => {
        if (state.current.turn !== turn) return;
        state.current.loaded = next;
        setLoaded(next);
      };
      const step = async (): Promise<void> => {
        const before = state.current.loaded;
        const next = nextPart(before.bytes, before.total);
        if (!next || state.current.turn !== turn) return;
        put({ ...before, busy: true, error: undefined });
        const part = await load(next.offset, next.limit);
        if (state.current.turn !== turn) return;
        const bytes = Math.min(next.offset + next.limit, part.total);
        const text = before.text + part.text;
        const done = bytes >= part.total;
        const shown = before.shown + state.current.pretty.push(part.text);
        const value = done && part.total <= STRUCTURE_LIMIT ? parseJson(text) : undefined;
        put({ text, shown, bytes, total: part.total, busy: false, error: undefined, value });
        if (all && !done) await step();
      };
      step().catch((error: unknown) => put({ ...state.current.loaded, busy: false, error }));
    },
    [load],
  );

  useEffect(() => {
    if (!load) return;
    state.current = { loaded: NOTHING, pretty: new Pretty(), turn: state.current.turn + 1 };
    setLoaded(NOTHING);
    more();
    return () => {
      state.current.turn++;
    };
  }, [load, more]);

  return { loaded: load ? loaded : at, more };
}
