// Ids of nodes: which are free, and which can be had.
import { type FlowGraph, nodesOf } from './flow';

const ID = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** Why an id cannot be had; nothing when it can. */
export function idRefusal(document: FlowGraph, id: string, own?: string): string | undefined {
  if (!ID.test(id)) return 'Use 1 to 64 letters, digits, _ or -, beginning with a letter or _.';
  if (id !== own && nodesOf(document).has(id))
    return `There is a node ${id} already; ids are unique in the whole flow, bodies included.`;
  return undefined;
}

/** An id that is free in the whole flow, made from a type (`http.request`) or another id: `http_request`, `http_request_2`. */
export function freeId(document: FlowGraph, from: string, taken: ReadonlySet<string> = new Set()): string {
  let stem = from
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^(?=[^A-Za-z_])/, '_')
    .slice(0, 58);
  if (stem === '' || stem === '_') stem = 'node';
  const numbered = /^(.+)_(\d{1,4})$/.exec(stem);
  const known = nodesOf(document);
  const free = (id: string) => !known.has(id) && !taken.has(id);
  if (free(stem)) return stem;
  if (numbered?.[1]) stem = numbered[1];
  for (let number = 2; ; number++) if (free(`${stem}_${number}`)) return `${stem}_${number}`;
}
