// The rows of a value's tree: what is open is listed, the rest costs nothing.
import { isObject, type Json } from './json';
import { type Path, pointerOf } from './pointer';

export interface TreeRow {
  /** JSON pointer from the tree's root; names the row. */
  pointer: string;
  path: Path;
  depth: number;
  /** Member name or index; empty for the root. */
  name: string | number;
  value: Json;
  expandable: boolean;
  open: boolean;
  /** Place among its siblings, from 1, and their number. */
  place: number;
  siblings: number;
}

function childrenOf(value: Json): [string | number, Json][] {
  if (Array.isArray(value)) return value.map((part, index) => [index, part]);
  return isObject(value) ? Object.entries(value) : [];
}

export function isExpandable(value: Json): boolean {
  return Array.isArray(value)
    ? value.length > 0
    : isObject(value) && !isReference(value) && Object.keys(value).length > 0;
}

/** `{"$artifact": "art_…", "name", "size", "media_type"}`: a file that a run made. */
export function isReference(
  value: unknown,
): value is { $artifact: string; name?: string; size?: number; media_type?: string } {
  return isObject(value) && typeof value.$artifact === 'string' && value.$artifact.startsWith('art_');
}

/** All rows that are to be seen. The root's own row is left out: its members begin at depth 0. */
export function rowsOf(value: Json, open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const list = (parent: Json, path: Path, depth: number) => {
    const children = childrenOf(parent);
    for (const [index, [name, part]] of children.entries()) {
      const own = [...path, name];
      const pointer = pointerOf(own);
      const expandable = isExpandable(part);
      const isOpen = expandable && open.has(pointer);
      rows.push({
        pointer,
        path: own,
        depth,
        name,
        value: part,
        expandable,
        open: isOpen,
        place: index + 1,
        siblings: children.length,
      });
      if (isOpen) list(part, own, depth + 1);
    }
  };
  if (isExpandable(value)) list(value, [], 0);
  else
    rows.push({
      pointer: '',
      path: [],
      depth: 0,
      name: '',
      value,
      expandable: false,
      open: false,
      place: 1,
      siblings: 1,
    });
  return rows;
}

/** What is open at first: the upper levels, as long as there are not too many rows. */
export function openAtFirst(value: Json, depth: number, most = 60): Set<string> {
  const open = new Set<string>();
  let level: [Path, Json][] = [[[], value]];
  let rows = 0;
  for (let at = 0; at < depth && level.length > 0; at++) {
    const next: [Path, Json][] = [];
    for (const [path, one] of level) {
      const children = childrenOf(one);
      if (rows + children.length > most && at > 0) continue;
      rows += children.length;
      if (at > 0) open.add(pointerOf(path));
      for (const [name, part] of children) if (isExpandable(part)) next.push([[...path, name], part]);
    }
    level = next;
  }
  return open;
}

/** The pointers to open so that every match is seen, and the matches: names or simple values that hold the words. */
export function findIn(value: Json, words: string, most = 500): { matches: string[]; open: Set<string> } {
  const wanted = words.trim().toLowerCase();
  const matches: string[] = [];
  const open = new Set<string>();
  if (wanted === '') return { matches, open };
  const walk = (parent: Json, path: Path) => {
    for (const [name, part] of childrenOf(parent)) {
      if (matches.length >= most) return;
      const own = [...path, name];
      const simple = typeof part !== 'object' || part === null ? String(part).slice(0, 10_000) : '';
      if (String(name).toLowerCase().includes(wanted) || simple.toLowerCase().includes(wanted)) {
        matches.push(pointerOf(own));
        for (let length = 1; length < own.length; length++) open.add(pointerOf(own.slice(0, length)));
      }
      if (isExpandable(part)) walk(part, own);
    }
  };
  walk(value, []);
  return { matches, open };
}
