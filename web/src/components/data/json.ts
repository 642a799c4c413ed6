// JSON values as the data components pass them around, and how two of them are compared.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two values are the same JSON; the order of members does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((part, index) => same(part, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
    );
  }
  return false;
}

export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'list' | 'object' | 'nothing';

/** What a person calls the value's type. */
export function kindOf(value: unknown): Kind {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'number':
      return 'number';
    case 'string':
      return 'string';
    default:
      return 'object';
  }
}

/** The type with what it holds: `list of 3`, `object of 2`, `string`. */
export function kindText(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (isObject(value)) return `object of ${Object.keys(value).length}`;
  return kindOf(value);
}

/** The value in one short line; what is too long is cut with an ellipsis. */
export function shortValue(value: unknown, most = 60): string {
  if (value === undefined) return '';
  // A long text or list is cut before it is written out, so that a large sample costs nothing here.
  const small =
    typeof value === 'string' && value.length > most
      ? firstPoints(value, most + 1)
      : Array.isArray(value) && value.length > most
        ? value.slice(0, most)
        : value;
  let text: string;
  if (isObject(small)) text = shortObject(small, most);
  else if (Array.isArray(small)) text = shortList(small, most);
  else text = JSON.stringify(small) ?? '';
  const points = Array.from(text);
  return points.length > most ? `${points.slice(0, most - 1).join('')}…` : text;
}

// Cut between characters: half a surrogate pair would be written as an escape.
function firstPoints(text: string, most: number): string {
  return Array.from(text.slice(0, most * 2))
    .slice(0, most)
    .join('');
}

function shortObject(value: JsonObject, most: number): string {
  let text = '{';
  for (const [name, part] of Object.entries(value)) {
    if (text.length > most) break;
    text += `${text.length > 1 ? ', ' : ''}${JSON.stringify(name)}: ${shortValue(part, most)}`;
  }
  return `${text}}`;
}

function shortList(value: Json[], most: number): string {
  let text = '[';
  for (const part of value) {
    if (text.length > most) break;
    text += `${text.length > 1 ? ', ' : ''}${shortValue(part, most)}`;
  }
  return `${text}]`;
}

export type Parsed = { ok: true; value: Json } | { ok: false; message: string; position?: number };

/** Parses JSON text; a mistake comes with the place, where the browser tells it. */
export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const place = /position (\d+)/.exec(message);
    if (place) return { ok: false, message, position: Number(place[1]) };
    return { ok: false, message, position: /end of (JSON|data)/i.test(message) ? text.length : undefined };
  }
}
