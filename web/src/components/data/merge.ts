// Three-way merge of flow documents: what two people made of one base, joined by node, edge and field. Nothing is decided
// silently where both changed the same field to different values: that is a conflict with both values.
import type { FlowDocument } from './flow';
import { isObject, type Json, type JsonObject, same } from './json';
import { type EdgePart, type NodePart, type Parts, putTogether, takeApart } from './parts';
import { pointerOf } from './pointer';

export type Side = 'mine' | 'theirs';

export interface Conflict {
  /** Names the conflict in `choices`: stable as long as the three documents are the same. */
  id: string;
  part: 'flow' | 'node' | 'edge';
  /** The node's id, the edge's key, or the member of the flow. */
  key: string;
  /** JSON pointer below the part; empty: the part as a whole, which one side removed. */
  field: string;
  /** `undefined`: it is not there. */
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
}

export interface Merge {
  document: FlowDocument;
  conflicts: Conflict[];
  /** Edges that one side added or changed and that went because the other side removed one of their nodes. */
  dropped: string[];
}

/**
 * Joins `mine` and `theirs`, which both began as `base`. A conflict takes the side that `choices` names for it, else mine.
 * The order of nodes and edges is theirs, with what only mine has behind. Where a node stands on the canvas is no conflict.
 */
export function merge(
  base: FlowDocument,
  mine: FlowDocument,
  theirs: FlowDocument,
  choices: Readonly<Record<string, Side>> = {},
): Merge {
  return new Merger(takeApart(base), takeApart(mine), takeApart(theirs), choices).run();
}

type Value = Json | undefined;

class Merger {
  private readonly conflicts: Conflict[] = [];
  private readonly nodes = new Map<string, NodePart>();
  /** What became of a node that one side removed, for those in its body: taken whole from a side, or gone. */
  private readonly fates = new Map<string, Side | 'gone'>();

  constructor(
    private readonly base: Parts,
    private readonly mine: Parts,
    private readonly theirs: Parts,
    private readonly choices: Readonly<Record<string, Side>>,
  ) {}

  run(): Merge {
    const members: JsonObject = {};
    for (const name of union(this.theirs.members, this.mine.members, this.base.members)) {
      const value = this.join(
        'flow',
        name,
        [],
        this.base.members[name],
        this.mine.members[name],
        this.theirs.members[name],
      );
      if (value !== undefined) members[name] = value;
    }
    for (const id of unionKeys(this.theirs.nodes, this.mine.nodes, this.base.nodes)) this.mergeNode(id);
    const { edges, dropped } = this.mergeEdges();
    return { document: putTogether({ members, nodes: this.nodes, edges }), conflicts: this.conflicts, dropped };
  }

  private mergeNode(id: string): void {
    const [base, mine, theirs] = [this.base.nodes.get(id), this.mine.nodes.get(id), this.theirs.nodes.get(id)];
    const outer = (theirs ?? mine ?? base)?.container ?? '';
    const fate = this.fates.get(outer);
    if (fate && [base, mine, theirs].every((part) => !part || part.container === outer)) {
      // Its container was removed by one side: it shares the container's fate.
      const kept = fate === 'gone' ? undefined : fate === 'mine' ? mine : theirs;
      if (kept) this.nodes.set(id, kept);
      this.fates.set(id, fate);
      return;
    }
    if (mine && theirs) {
      this.mergeBoth(id, base, mine, theirs);
      return;
    }
    const left = mine ?? theirs;
    if (!left) return; // Both removed it.
    if (!base) {
      this.nodes.set(id, left);
      return;
    }
    const side: Side = mine ? 'mine' : 'theirs';
    if (!this.touched(base, left, side)) {
      this.fates.set(id, 'gone');
      return;
    }
    const choice = this.conflict('node', id, [], base.own, mine?.own, theirs?.own, side);
    if (choice === side) this.nodes.set(id, left);
    this.fates.set(id, choice === side ? side : 'gone');
  }

  private mergeBoth(id: string, base: NodePart | undefined, mine: NodePart, theirs: NodePart): void {
    const own: JsonObject = {};
    const names = union(theirs.own, mine.own, base?.own ?? {});
    for (const name of names) {
      const values = [base?.own[name], mine.own[name], theirs.own[name]] as const;
      const value = name === 'position' ? nearest(...values) : this.join('node', id, [name], ...values);
      if (value !== undefined) own[name] = value;
    }
    const place = this.join('node', id, ['container'], base?.container, mine.container, theirs.container);
    const isContainer = mine.isContainer || theirs.isContainer;
    this.nodes.set(id, { id, container: String(place ?? ''), own, isContainer: isContainer && isObject(own.config) });
  }

  /** Whether a side changed a node that the other one removed, or anything in its body, or joined it to a new edge. */
  private touched(base: NodePart, left: NodePart, side: Side): boolean {
    if (!same(withoutPlace(base.own), withoutPlace(left.own)) || base.container !== left.container) return true;
    const now = side === 'mine' ? this.mine : this.theirs;
    for (const edge of now.edges.values()) {
      if (edge.own.from !== base.id && edge.own.to !== base.id) continue;
      const before = this.base.edges.get(edge.key);
      if (!before || !same(before.own, edge.own)) {
        const other = String(edge.own.from === base.id ? edge.own.to : edge.own.from);
        // An edge to another node that goes as well says nothing about this one.
        const gone = side === 'mine' ? this.theirs : this.mine;
        if (!this.base.nodes.has(other) || gone.nodes.has(other)) return true;
      }
    }
    if (!base.isContainer && !left.isContainer) return false;
    const inner = (parts: Parts) => [...parts.nodes.values()].filter((node) => node.container === base.id);
    const edges = (parts: Parts) =>
      [...parts.edges.values()].filter((edge) => edge.container === base.id).map((edge) => edge.own);
    const [old, fresh] = [inner(this.base), inner(now)];
    if (old.length !== fresh.length || !same(edges(this.base), edges(now))) return true;
    return fresh.some((node) => {
      const before = old.find((one) => one.id === node.id);
      return !before || this.touched(before, node, side);
    });
  }

  private mergeEdges(): { edges: Map<string, EdgePart>; dropped: string[] } {
    const edges = new Map<string, EdgePart>();
    const dropped: string[] = [];
    for (const key of unionKeys(this.theirs.edges, this.mine.edges, this.base.edges)) {
      const [base, mine, theirs] = [this.base.edges.get(key), this.mine.edges.get(key), this.theirs.edges.get(key)];
      const part = this.mergeEdge(key, base, mine, theirs);
      if (!part) continue;
      if (this.stands(part)) edges.set(key, part);
      else if (!base || !same(base.own, part.own)) dropped.push(key);
    }
    return { edges, dropped };
  }

  private mergeEdge(key: string, base?: EdgePart, mine?: EdgePart, theirs?: EdgePart): EdgePart | undefined {
    if (mine && theirs) {
      const own: JsonObject = {};
      for (const name of union(theirs.own, mine.own)) {
        const value = this.join('edge', key, [name], base?.own[name], mine.own[name], theirs.own[name]);
        if (value !== undefined) own[name] = value;
      }
      return { ...theirs, own };
    }
    const left = mine ?? theirs;
    if (!left || !base) return left;
    const side: Side = mine ? 'mine' : 'theirs';
    if (same(base.own, left.own)) {
      // It went with a node that stays after all: so it stays too.
      const kept = [left.own.from, left.own.to].some((id) => this.fates.get(String(id)) === side);
      return kept ? left : undefined;
    }
    if (!this.stands(left)) return left;
    return this.conflict('edge', key, [], base.own, mine?.own, theirs?.own, side) === side ? left : undefined;
  }

  /** Whether both ends are in the edge's graph. */
  private stands(edge: EdgePart): boolean {
    return [edge.own.from, edge.own.to].every((id) => this.nodes.get(String(id))?.container === edge.container);
  }

  /** One value out of three. Objects are joined member by member, lists and all else as a whole. */
  private join(part: Conflict['part'], key: string, path: string[], base: Value, mine: Value, theirs: Value): Value {
    if (same(mine, theirs) || same(base, theirs)) return mine;
    if (same(base, mine)) return theirs;
    if (isObject(mine) && isObject(theirs)) {
      const before = isObject(base) ? base : {};
      const joined: JsonObject = {};
      for (const name of union(theirs, mine, before)) {
        const value = this.join(part, key, [...path, name], before[name], mine[name], theirs[name]);
        if (value !== undefined) joined[name] = value;
      }
      return joined;
    }
    return this.conflict(part, key, path, base, mine, theirs, 'mine') === 'mine' ? mine : theirs;
  }

  private conflict(
    part: Conflict['part'],
    key: string,
    path: string[],
    base: Value,
    mine: Value,
    theirs: Value,
    first: Side,
  ): Side {
    const field = pointerOf(path);
    const id = `${part} ${key} ${field}`;
    this.conflicts.push({ id, part, key, field, base, mine, theirs });
    // Without a choice nothing that somebody wrote goes: a changed part stays, and of two values mine.
    return this.choices[id] ?? first;
  }
}

function nearest(base: Value, mine: Value, theirs: Value): Value {
  return same(base, mine) ? theirs : mine;
}

function withoutPlace(node: JsonObject): JsonObject {
  const { position: _position, ...rest } = node;
  return rest;
}

function union(...objects: JsonObject[]): string[] {
  return [...new Set(objects.flatMap((one) => Object.keys(one)))];
}

function unionKeys<V>(...maps: ReadonlyMap<string, V>[]): string[] {
  return [...new Set(maps.flatMap((one) => [...one.keys()]))];
}
