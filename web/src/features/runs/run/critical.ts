// The critical path: the chain of steps that decided when the run ended. It goes back from the step that ended last, each time to
// the one before it that ended last. Pure.

import { bodyOf, type FlowGraph, type FlowNode } from '@/components/data/flow';
import { spanOf } from './timeline';
import type { Tree, TreeNode } from './tree';

/** The keys of the nodes on it. Without a graph (its version is gone) what ended just before counts as what was waited for. */
export function criticalPath(tree: Tree, graph: FlowGraph | undefined, now: number): Set<string> {
  const found = new Set<string>();
  follow(tree.roots, graph, now, found);
  return found;
}

interface Timed {
  node: TreeNode;
  from: number;
  to: number;
}

function follow(steps: readonly TreeNode[], graph: FlowGraph | undefined, now: number, found: Set<string>): void {
  const timed = new Map<string, Timed>();
  for (const node of steps) {
    const span = node.step?.status === 'skipped' ? undefined : spanOf(node, now);
    if (span) timed.set(node.name, { node, ...span });
  }
  const before = graph ? edgesInto(graph) : undefined;
  let at = lastOf(timed.values());
  const seen = new Set<TreeNode>();
  while (at && !seen.has(at.node)) {
    const here: Timed = at;
    seen.add(here.node);
    found.add(here.node.key);
    inside(here.node, graph, now, found);
    at = before
      ? lastOf((before.get(here.node.name) ?? []).flatMap((id) => timed.get(id) ?? []))
      : lastOf([...timed.values()].filter((one) => one.to <= here.from && !seen.has(one.node)));
  }
}

/** Of a container: the item that ended last, and the path through it. */
function inside(node: TreeNode, graph: FlowGraph | undefined, now: number, found: Set<string>): void {
  if (node.children.length === 0) return;
  const items = node.children.flatMap((item) => {
    const span = spanOf(item, now);
    return span ? [{ node: item, ...span }] : [];
  });
  const last = lastOf(items);
  if (!last) return;
  found.add(last.node.key);
  const own = graph?.nodes.find((one: FlowNode) => one.id === node.name);
  follow(last.node.children, own ? bodyOf(own) : undefined, now, found);
}

function lastOf(all: Iterable<Timed>): Timed | undefined {
  let last: Timed | undefined;
  for (const one of all) {
    // Of those that ended at once the one that is listed last came last.
    if (!last || one.to > last.to || (one.to === last.to && one.from >= last.from)) last = one;
  }
  return last;
}

function edgesInto(graph: FlowGraph): Map<string, string[]> {
  const into = new Map<string, string[]>();
  for (const edge of graph.edges ?? []) {
    if (edge.on === 'rollback') continue;
    const list = into.get(edge.to);
    if (list) list.push(edge.from);
    else into.set(edge.to, [edge.from]);
  }
  return into;
}
