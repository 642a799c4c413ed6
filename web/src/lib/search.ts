// Filters, tabs, selected rows and time ranges live in the address. Each page declares its parameters once:
//
//   const search = searchParams({ status: listOf(['failed', 'running']), q: text(), tab: oneOf(['io', 'logs'], 'io') });
//   const [values, set] = useSearchParams(search);   // values.status: ('failed' | 'running')[], values.q: string
//   set({ status: ['failed'] });                     // keeps the others; a default value leaves the address
//
// What the address says and the parser does not know is dropped, never an error.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

/** Reads one parameter from its text, and writes it back. */
export interface Parameter<T> {
  /** `undefined`: unknown, the default holds. */
  parse(text: string): T | undefined;
  format(value: T): string;
  fallback: T;
}

export function text(fallback = ''): Parameter<string> {
  return { parse: (given) => given, format: (value) => value, fallback };
}

export function integer(fallback: number, least = 0, most = Number.MAX_SAFE_INTEGER): Parameter<number> {
  return {
    parse: (given) => {
      const value = Number(given);
      return /^-?\d+$/.test(given) && value >= least && value <= most ? value : undefined;
    },
    format: String,
    fallback,
  };
}

export function flag(): Parameter<boolean> {
  return {
    parse: (given) => (given === '1' ? true : undefined),
    format: (value) => (value ? '1' : ''),
    fallback: false,
  };
}

export function oneOf<const T extends string>(known: readonly T[], fallback: NoInfer<T>): Parameter<T>;
export function oneOf<const T extends string>(known: readonly T[]): Parameter<T | ''>;
export function oneOf<T extends string>(known: readonly T[], fallback: T | '' = ''): Parameter<T | ''> {
  return { parse: (given) => known.find((one) => one === given), format: (value) => value, fallback };
}

/** Several of the known words, comma separated; unknown ones are left out. */
export function listOf<const T extends string>(known: readonly T[]): Parameter<T[]> {
  return {
    parse: (given) => known.filter((one) => given.split(',').includes(one)),
    format: (value) => value.join(','),
    fallback: [],
  };
}

/** A time as the API writes it, or one that `Date` reads; empty when there is none. */
export function time(): Parameter<string> {
  return {
    parse: (given) => (Number.isNaN(Date.parse(given)) ? undefined : given),
    format: (value) => value,
    fallback: '',
  };
}

export type Parameters = Record<string, Parameter<never>>;
export type Values<P> = { [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };
export interface SearchParams<P> {
  parameters: P;
  parse(search: Record<string, unknown>): Values<P>;
  /** For links: only what differs from the defaults. */
  format(values: Partial<Values<P>>): Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: each parameter has a type of its own
export function searchParams<P extends Record<string, Parameter<any>>>(parameters: P): SearchParams<P> {
  return {
    parameters,
    parse(search) {
      const values: Record<string, unknown> = {};
      for (const [name, parameter] of Object.entries(parameters)) {
        const given = search[name];
        values[name] = (typeof given === 'string' ? parameter.parse(given) : undefined) ?? parameter.fallback;
      }
      return values as Values<P>;
    },
    format(values) {
      const search: Record<string, string> = {};
      for (const [name, parameter] of Object.entries(parameters)) {
        const value = values[name as keyof P];
        if (value === undefined) continue;
        const written = parameter.format(value);
        if (written !== '' && written !== parameter.format(parameter.fallback)) search[name] = written;
      }
      return search;
    },
  };
}

/** The page's parameters and how to change them. `push`: a new entry of the history (opening something), else it is replaced. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function useSearchParams<P extends Record<string, Parameter<any>>>(
  params: SearchParams<P>,
): [Values<P>, (change: Partial<Values<P>>, how?: 'push' | 'replace') => void] {
  const raw = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const values = useMemo(() => params.parse(raw), [params, raw]);
  const set = useCallback(
    (change: Partial<Values<P>>, how: 'push' | 'replace' = 'replace') => {
      void navigate({
        to: '.',
        search: ((old: Record<string, unknown>) => {
          // Parameters of others (the project, a panel's own) stay as they are.
          const others = Object.entries(old).filter(([name]) => !(name in params.parameters));
          return { ...Object.fromEntries(others), ...params.format({ ...params.parse(old), ...change }) };
        }) as never,
        replace: how === 'replace',
        resetScroll: false,
      });
    },
    [navigate, params],
  );
  return [values, set];
}

/** Whether any of the named parameters differs from its default: "filtered" in contrast to "empty". */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function isFiltered<P extends Record<string, Parameter<any>>>(
  params: SearchParams<P>,
  values: Values<P>,
  names: (keyof P & string)[],
): boolean {
  const written = params.format(values);
  return names.some((name) => written[name] !== undefined);
}

/** The address's parameters as plain text, both ways: `?q=1` is the text "1", and `?q={"a"` breaks nothing. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}
export function stringifySearch(search: Record<string, unknown>): string {
  const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text.replaceAll('%2C', ',').replaceAll('%3A', ':')}` : '';
}
