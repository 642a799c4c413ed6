// What changed between two flow documents, by node, edge and field.
import type { FlowDocument } from './flow';
import { isObject, type Json, same } from './json';
import { type Parts, takeApart } from './parts';
import { pointerOf } from './pointer';

export interface FieldChange {
  /** JSON pointer below the part. */
  pointer: string;
  /** `undefined`: it was, or is, not there. */
  before: Json | undefined;
  after: Json | undefined;
}

export interface Change {
  part: 'flow' | 'node' | 'edge';
  /** The node's id, the edge's key, or the member of the flow. */
  key: string;
  change: 'added' | 'removed' | 'changed';
  fields: FieldChange[];
  /** The node's type, for its icon. */
  type?: string;
}

/** The changes from one document to another: the flow's members, then nodes, then edges. Positions are told only on demand. */
export function diffFlows(before: FlowDocument, after: FlowDocument, options: { positions?: boolean } = {}): Change[] {
  const [a, b] = [takeApart(before), takeApart(after)];
  const positions = options.positions === true;
  return [...members(a, b), ...nodes(a, b, positions), ...edges(a, b)];
}

function members(a: Parts, b: Parts): Change[] {
  return compare('flow', new Map(Object.entries(a.members)), new Map(Object.entries(b.members)));
}

function nodes(a: Parts, b: Parts, positions: boolean): Change[] {
  const read = (parts: Parts) =>
    new Map(
      [...parts.nodes.values()].map((part) => {
        const own = { ...part.own };
        if (!positions) delete own.position;
        if (part.container !== '') own.container = part.container;
        return [part.id, own as Json] as const;
      }),
    );
  return compare('node', read(a), read(b)).map((change) => {
    const node = b.nodes.get(change.key) ?? a.nodes.get(change.key);
    return typeof node?.own.type === 'string' ? { ...change, type: node.own.type } : change;
  });
}

function edges(a: Parts, b: Parts): Change[] {
  const read = (parts: Parts) =>
    new Map([...parts.edges.values()].map((part) => [part.key, part.own as Json] as const));
  return compare('edge', read(a), read(b));
}

function compare(part: Change['part'], a: ReadonlyMap<string, Json>, b: ReadonlyMap<string, Json>): Change[] {
  const found: Change[] = [];
  for (const [key, before] of a) {
    const after = b.get(key);
    if (after === undefined) {
      found.push({ part, key, change: 'removed', fields: [{ pointer: '', before, after: undefined }] });
      continue;
    }
    const fields = fieldChanges(before, after);
    if (fields.length > 0) found.push({ part, key, change: 'changed', fields });
  }
  for (const [key, after] of b) {
    if (!a.has(key)) found.push({ part, key, change: 'added', fields: [{ pointer: '', before: undefined, after }] });
  }
  return found;
}

/** The smallest members that differ. Lists of the same length are compared item by item, others as a whole. */
export function fieldChanges(before: Json, after: Json, path: (string | number)[] = []): FieldChange[] {
  if (same(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => {
      const [a, b] = [before[name], after[name]];
      if (a === undefined || b === undefined) return [{ pointer: pointerOf([...path, name]), before: a, after: b }];
      return fieldChanges(a, b, [...path, name]);
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((part, index) => fieldChanges(part, after[index] as Json, [...path, index]));
  }
  return [{ pointer: pointerOf(path), before, after }];
}
