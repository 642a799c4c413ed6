// JSON pointers (RFC 6901): reading and changing what they name, and finding it in a document's text.
import { isObject, type Json } from './json';

export type Path = (string | number)[];

export function pointerOf(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that the pointer names, or nothing. */
export function valueAt(value: unknown, pointer: string): unknown {
  let at: unknown = value;
  for (const token of tokensOf(pointer)) {
    if (Array.isArray(at)) at = /^\d+$/.test(token) ? at[Number(token)] : undefined;
    else if (isObject(at) && Object.hasOwn(at, token)) at = at[token];
    else return undefined;
  }
  return at;
}

/** A copy with another value at the pointer; `undefined` takes the member out. Objects on the way are made where they lack. */
export function withValueAt(value: Json | undefined, pointer: string, next: Json | undefined): Json | undefined {
  return put(value, tokensOf(pointer), next);
}

function put(value: Json | undefined, tokens: string[], next: Json | undefined): Json | undefined {
  const [token, ...rest] = tokens;
  if (token === undefined) return next;
  if (Array.isArray(value)) {
    const index = token === '-' ? value.length : Number(token);
    const part = put(value[index], rest, next);
    const copy = [...value];
    if (part === undefined) copy.splice(index, 1);
    else copy[index] = part;
    return copy;
  }
  const before = isObject(value) ? value : {};
  const part = put(Object.hasOwn(before, token) ? before[token] : undefined, rest, next);
  const copy = { ...before };
  if (part === undefined) delete copy[token];
  else if (token === '__proto__')
    Object.defineProperty(copy, token, { value: part, enumerable: true, configurable: true, writable: true });
  else copy[token] = part;
  return copy;
}

export interface Place {
  /** Offsets of the value's text. */
  from: number;
  to: number;
  /** Whether the pointer's own value was found; false: its nearest ancestor that is there. */
  exact: boolean;
}

/**
 * Where the value of a pointer stands in JSON text. Only the members on the way are read, and text that is broken
 * behind the place does no harm, so that marks stay right while somebody types.
 */
export function locate(text: string, pointer: string): Place {
  let from = skipSpace(text, 0);
  let to = skipValue(text, from);
  for (const token of tokensOf(pointer)) {
    const member = findMember(text, from, token);
    if (!member) return { from, to: headEnd(text, from, to), exact: false };
    from = member.from;
    to = member.to;
  }
  return { from, to, exact: true };
}

/** The line (from 1) of an offset. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

// A mistake of a whole object is marked at its first line, not over everything in it.
function headEnd(text: string, from: number, to: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? to : Math.min(end, to);
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++;
  return at;
}

function skipString(text: string, at: number): number {
  for (at++; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function skipValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return skipString(text, at);
  if (first === '{' || first === '[') {
    let depth = 0;
    while (at < text.length) {
      const letter = text[at];
      if (letter === '"') {
        at = skipString(text, at);
        continue;
      }
      if (letter === '{' || letter === '[') depth++;
      if (letter === '}' || letter === ']') depth--;
      at++;
      if (depth === 0) return at;
    }
    return text.length;
  }
  while (at < text.length && !',]} \t\r\n'.includes(text[at] as string)) at++;
  return at;
}

function findMember(text: string, at: number, token: string): { from: number; to: number } | undefined {
  const object = text[at] === '{';
  if (!object && text[at] !== '[') return undefined;
  at = skipSpace(text, at + 1);
  for (let index = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; index++) {
    let name = String(index);
    if (object) {
      if (text[at] !== '"') return undefined;
      const end = skipString(text, at);
      name = unquote(text.slice(at, end));
      at = skipSpace(text, end);
      if (text[at] !== ':') return undefined;
      at = skipSpace(text, at + 1);
    }
    const to = skipValue(text, at);
    if (name === token) return { from: at, to };
    if (to === at) return undefined;
    at = skipSpace(text, to);
    if (text[at] !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}
