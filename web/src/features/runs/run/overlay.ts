// The graph of the version that ran, with the run's state on it. Pure.

import { bodyOf, type FlowDocument, type FlowGraph, toCanvas } from '@/components/data/graph';
import type { Usage } from './journal';
import { spanOf } from './timeline';
import { countsOf, countsText, hasEnded, type StepStatus, statusOf, type Tree, type TreeNode } from './tree';

export interface OverlayNode {
  id: string;
  /** The step's path in this run; empty where the run has none. */
  path: string;
  title: string;
  type: string;
  status: StepStatus | '';
  /** Milliseconds, of what has begun. */
  took?: number;
  usage?: Usage;
  attempts: number;
  reused: boolean;
  /** Of a container: how many steps of its body it has had, in words; absent for others. */
  group?: string;
  /** Ended and all items, of a container. */
  items?: { done: number; all: number };
  position?: { x: number; y: number };
}

export interface OverlayEdge {
  id: string;
  source: string;
  target: string;
  label: string;
  kind: 'success' | 'error' | 'rollback';
  taken: boolean;
}

/**
 * What did not change stays the same object, and a list without a change the same list: only the rest is drawn anew. `keyOf` names
 * what makes one drawn as it is.
 */
export function kept<T extends { id: string }>(
  before: readonly T[],
  now: readonly T[],
  keyOf: (one: T) => string,
): T[] {
  const old = new Map(before.map((one) => [one.id, one]));
  let same = before.length === now.length;
  const all = now.map((one, index) => {
    const was = old.get(one.id);
    const is = was && keyOf(was) === keyOf(one) ? was : one;
    same &&= is === before[index];
    return is;
  });
  return same ? (before as T[]) : all;
}

/** The graph that an item's path leads to: "each[3]/inner[0]" → the body of inner; the whole flow for "". */
export function graphInside(document: FlowDocument, inside: string): FlowGraph | undefined {
  let graph: FlowGraph | undefined = document;
  if (inside === '') return graph;
  for (const part of inside.split('/')) {
    const id = part.replace(/\[\d+\]$/, '');
    const node: FlowGraph['nodes'][number] | undefined = graph?.nodes.find((one) => one.id === id);
    graph = node && bodyOf(node);
  }
  return graph;
}

export function overlayOf(
  document: FlowDocument,
  tree: Tree,
  inside: string,
  now: number,
): { nodes: OverlayNode[]; edges: OverlayEdge[] } {
  const graph = graphInside(document, inside);
  if (!graph) return { nodes: [], edges: [] };
  const prefix = inside === '' ? '' : `${inside}/`;
  const canvas = toCanvas(graph);
  const nodes = canvas.nodes.map((node): OverlayNode => {
    const path = prefix + node.id;
    const at = tree.nodes.get(path);
    return {
      id: node.id,
      path: at?.step ? path : '',
      title: node.title,
      type: node.type,
      position: node.position,
      ...stateOf(at, now),
      ...(node.inner === undefined ? {} : groupOf(at)),
    };
  });
  const states = new Map(nodes.map((node) => [node.id, node.status]));
  const edges = canvas.edges.map((edge) => ({
    id: edge.id,
    source: edge.source,
    target: edge.target,
    label: edge.label,
    kind: edge.kind,
    taken: isTaken(edge.kind, states.get(edge.source) ?? '', states.get(edge.target) ?? ''),
  }));
  return { nodes, edges };
}

function stateOf(node: TreeNode | undefined, now: number) {
  if (!node) return { status: '' as const, attempts: 0, reused: false };
  const span = spanOf(node, now);
  return {
    status: statusOf(node),
    took: span && !node.step?.reused ? span.to - span.from : undefined,
    usage: node.step?.usage as Usage | undefined,
    attempts: node.step?.attempts ?? 0,
    reused: node.step?.reused ?? false,
  };
}

function groupOf(node: TreeNode | undefined): Pick<OverlayNode, 'group' | 'items'> {
  if (!node) return { group: '' };
  const done = node.children.filter((item) => hasEnded(statusOf(item))).length;
  const all = Math.max(node.step?.items ?? 0, node.children.length);
  return { group: countsText(countsOf(node)), items: all > 0 ? { done, all } : undefined };
}

const idle: ReadonlySet<string> = new Set(['', 'skipped', 'pending']);

/** Which edges led on, as far as steps tell: ports that were not chosen lead to nodes that were skipped. */
function isTaken(kind: OverlayEdge['kind'], source: string, target: string): boolean {
  if (idle.has(source) || idle.has(target)) return false;
  if (kind === 'error') return source === 'failed' || source === 'timed_out';
  if (kind === 'rollback') return true;
  return source === 'succeeded' || source === 'cancelled' || source === 'failed';
}
