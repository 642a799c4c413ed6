// The steps of a run as a tree. Containers (maps, loops) hold their items or turns, and those the steps of the body:
// "each[17]/classify" is the step classify of item 17 of each. Pure; the timeline draws the rows that `visibleRows` gives.

import type { Schemas } from '@/api/client';

export type Step = Schemas['Step'];
export type StepStatus = Step['status'];
export type Counts = Partial<Record<StepStatus, number>>;

export interface TreeNode {
  /** A step's path, or an item's: "each[17]". */
  key: string;
  kind: 'step' | 'item';
  /** The node's id; of an item its number. */
  name: string;
  depth: number;
  step?: Step;
  parent?: TreeNode;
  /** Of a container its items, of an item its steps. */
  children: TreeNode[];
}

export interface Tree {
  roots: TreeNode[];
  nodes: Map<string, TreeNode>;
}

export interface PathPart {
  /** The node's id. */
  node: string;
  /** The item or turn that the path goes through; absent in the last part. */
  index?: number;
}

/** "a[1]/b[2]/c" as [{a, 1}, {b, 2}, {c}]. */
export function partsOfPath(path: string): PathPart[] {
  return path.split('/').map((part) => {
    const match = /^(.*)\[(\d+)\]$/.exec(part);
    return match ? { node: match[1]!, index: Number(match[2]) } : { node: part };
  });
}

/** The path of the container that a step or an item is inside of; empty at the top. */
export function containerOf(path: string): string {
  const slash = path.lastIndexOf('/');
  const place = slash < 0 ? (path.endsWith(']') ? path : '') : path.endsWith(']') ? path : path.slice(0, slash);
  return place.endsWith(']') ? place.slice(0, place.lastIndexOf('[')) : '';
}

export function buildTree(steps: readonly Step[]): Tree {
  const tree: Tree = { roots: [], nodes: new Map() };
  add(tree, steps);
  return tree;
}

/** The tree after steps changed or came; what did not change is not looked at again. The tree before is used up. */
export function updateTree(before: Tree, previous: readonly Step[], steps: readonly Step[]): Tree {
  for (let at = 0; at < previous.length; at++) {
    const step = steps[at];
    if (step === previous[at]) continue;
    const node = step && step.path === previous[at]!.path ? before.nodes.get(step.path) : undefined;
    if (!node) return buildTree(steps);
    node.step = step;
  }
  add(before, steps.slice(previous.length));
  return { ...before };
}

function add(tree: Tree, steps: readonly Step[]): void {
  const grown = new Set<TreeNode>();
  for (const step of steps) {
    const node = nodeAt(tree, step.path);
    node.step = step;
    for (let at = node.parent; at; at = at.parent) if (at.kind === 'step') grown.add(at);
  }
  for (const container of grown) container.children.sort((a, b) => Number(a.name) - Number(b.name));
}

/** The node with this key; made together with what is around it where it is not there. */
function nodeAt(tree: Tree, key: string): TreeNode {
  const known = tree.nodes.get(key);
  if (known) return known;
  const slash = key.lastIndexOf('/');
  const isItem = key.endsWith(']');
  const above = isItem ? key.slice(0, key.lastIndexOf('[')) : slash < 0 ? '' : key.slice(0, slash);
  const parent = above === '' ? undefined : nodeAt(tree, above);
  const node: TreeNode = {
    key,
    kind: isItem ? 'item' : 'step',
    name: isItem ? key.slice(key.lastIndexOf('[') + 1, -1) : key.slice(slash + 1),
    depth: parent ? parent.depth + 1 : 0,
    parent,
    children: [],
  };
  tree.nodes.set(key, node);
  (parent ? parent.children : tree.roots).push(node);
  return node;
}

const failures: ReadonlySet<string> = new Set(['failed', 'timed_out', 'unknown']);
export const isFailure = (status: string | undefined): boolean => failures.has(status ?? '');
const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled', 'timed_out']);
export const hasEnded = (status: string): boolean => ended.has(status);

/** What the steps below a node came to, containers inside of it not counted themselves. */
export function countsOf(node: TreeNode): Counts {
  // Of many items the server's own count is taken.
  if (node.children.length > 200 && node.step?.children) return node.step.children as Counts;
  const counts: Counts = {};
  const count = (one: TreeNode) => {
    if (one.children.length > 0) {
      for (const child of one.children) count(child);
    } else if (one.step) {
      counts[one.step.status] = (counts[one.step.status] ?? 0) + 1;
    }
  };
  for (const child of node.children) count(child);
  return counts;
}

/** "12 done, 3 running, 1 failed, 4 to come": what is 0 is left out. */
export function countsText(counts: Counts): string {
  const of = (...statuses: StepStatus[]) => statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const said: [number, string][] = [
    [of('succeeded'), 'done'],
    [of('running'), 'running'],
    [of('waiting'), 'waiting'],
    [of('failed', 'timed_out'), 'failed'],
    [of('unknown'), 'unknown'],
    [of('skipped'), 'skipped'],
    [of('cancelled'), 'cancelled'],
    [of('pending', 'ready'), 'to come'],
  ];
  return said
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count.toLocaleString('en-US')} ${word}`)
    .join(', ');
}

/** An item's state: the worst of its steps. */
export function statusOf(node: TreeNode): StepStatus {
  if (node.step) return node.step.status;
  const counts = countsOf(node);
  const order: StepStatus[] = ['unknown', 'failed', 'timed_out', 'running', 'waiting', 'ready', 'cancelled', 'pending'];
  return order.find((status) => counts[status]) ?? (counts.succeeded ? 'succeeded' : 'skipped');
}

export interface Row {
  node: TreeNode;
  depth: number;
  /** It has rows below it. */
  opens: boolean;
  open: boolean;
  /** An item whose only step is shown in its place. */
  item?: string;
}

export interface View {
  /** What somebody opened or closed by hand. */
  open: ReadonlyMap<string, boolean>;
  /** Part of a path or of a node's name. */
  words: string;
  failedOnly: boolean;
  /** A step whose way is kept open. */
  selected?: string;
  /** Names of nodes by id, for the search. */
  names?: ReadonlyMap<string, string>;
}

/** Up to so many items a container is open by itself. */
const opensByItself = 10;

/** The rows that are shown, in their order. */
export function visibleRows(tree: Tree, view: View): Row[] {
  const words = view.words.trim().toLowerCase();
  const filters = words !== '' || view.failedOnly;
  const kept = filters ? matching(tree, words, view) : undefined;
  const selectedWay = new Set<string>();
  for (let at = view.selected ? tree.nodes.get(view.selected)?.parent : undefined; at; at = at.parent) {
    selectedWay.add(at.key);
  }
  const rows: Row[] = [];
  const show = (node: TreeNode, depth: number, item?: string) => {
    if (kept && !kept.has(node)) return;
    const only = node.kind === 'item' && node.children.length === 1 ? node.children[0]! : undefined;
    if (only) return show(only, depth, node.name);
    const opens = node.children.length > 0;
    const byHand = view.open.get(node.key);
    const open = opens && (byHand ?? (filters || selectedWay.has(node.key) || node.children.length <= opensByItself));
    rows.push({ node, depth, opens, open, item });
    if (open) for (const child of node.children) show(child, depth + 1);
  };
  for (const root of tree.roots) show(root, 0);
  return rows;
}

/** What fits, and what is around it. */
function matching(tree: Tree, words: string, view: View): Set<TreeNode> {
  const kept = new Set<TreeNode>();
  for (const node of tree.nodes.values()) {
    if (view.failedOnly && !isFailure(node.step?.status)) continue;
    if (words && !node.key.toLowerCase().includes(words)) {
      const name = node.kind === 'step' ? view.names?.get(node.name) : undefined;
      if (!name?.toLowerCase().includes(words)) continue;
    }
    for (let at: TreeNode | undefined = node; at && !kept.has(at); at = at.parent) kept.add(at);
  }
  return kept;
}

/** The paths of failed steps in the order of the tree; a container is left out when something inside of it failed. */
export function failedPaths(tree: Tree): string[] {
  const paths: string[] = [];
  const visit = (node: TreeNode): boolean => {
    let inside = false;
    for (const child of node.children) inside = visit(child) || inside;
    if (!inside && node.step && isFailure(node.step.status)) {
      paths.push(node.key);
      return true;
    }
    return inside;
  };
  for (const root of tree.roots) visit(root);
  return paths;
}

/** The next (1) or previous (-1) failure seen from a step, around the end; empty when there is none. */
export function nextFailure(tree: Tree, from: string, direction: 1 | -1): string {
  const paths = failedPaths(tree);
  if (paths.length === 0) return '';
  const at = paths.indexOf(from);
  if (at >= 0) return paths[(at + direction + paths.length) % paths.length]!;
  const order = [...walk(tree)].map((node) => node.key);
  const here = order.indexOf(from);
  const places = paths.map((path) => order.indexOf(path));
  if (direction > 0) return paths[places.findIndex((place) => place > here)] ?? paths[0]!;
  return paths[places.findLastIndex((place) => place < here && here >= 0)] ?? paths.at(-1)!;
}

/** All nodes in the order of the tree. */
export function* walk(tree: Tree): Generator<TreeNode> {
  const visit = function* (node: TreeNode): Generator<TreeNode> {
    yield node;
    for (const child of node.children) yield* visit(child);
  };
  for (const root of tree.roots) yield* visit(root);
}
