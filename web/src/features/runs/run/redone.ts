// What a run that is done again does again, and what it takes over. Pure.

import { bodyOf, type FlowGraph } from '@/components/data/flow';
import type { Tree, TreeNode } from './tree';

/**
 * The keys of the steps that are done again: `from` and what comes after it, and what comes after steps with another output. With
 * neither, all of them. Items beside the one that `from` is in are taken over.
 */
export function redoneSteps(tree: Tree, graph: FlowGraph, from: string, outputs: Iterable<string>): Set<string> {
  const again = new Set<string>();
  const changed = [...outputs];
  if (from === '' && changed.length === 0) {
    for (const node of tree.nodes.values()) if (node.step) again.add(node.key);
    return again;
  }
  const spread = (node: TreeNode, withItself: boolean) => {
    const siblings = node.parent?.children ?? tree.roots;
    const ids = after(graphOf(node, graph), node.name);
    if (withItself) takeAll(node, again);
    for (const other of siblings) if (other !== node && ids.has(other.name)) takeAll(other, again);
    // A container whose item changes gives another output.
    const container = node.parent?.parent;
    if (container) {
      again.add(container.key);
      spread(container, false);
    }
  };
  const start = tree.nodes.get(from);
  if (start) spread(start, true);
  for (const path of changed) {
    const node = tree.nodes.get(path);
    if (node) spread(node, false);
  }
  for (const path of changed) again.delete(path);
  return again;
}

function takeAll(node: TreeNode, again: Set<string>): void {
  if (node.step) again.add(node.key);
  for (const child of node.children) takeAll(child, again);
}

/** The graph that a step stands in. */
function graphOf(node: TreeNode, graph: FlowGraph): FlowGraph | undefined {
  const container = node.parent?.parent;
  if (!container) return graph;
  const own = graphOf(container, graph)?.nodes.find((one) => one.id === container.name);
  return own && bodyOf(own);
}

/** The ids of the nodes that come after one. */
function after(graph: FlowGraph | undefined, id: string): Set<string> {
  const found = new Set<string>();
  const queue = [id];
  for (let at = 0; at < queue.length; at++) {
    for (const edge of graph?.edges ?? []) {
      if (edge.on === 'rollback' || edge.from !== queue[at] || found.has(edge.to)) continue;
      found.add(edge.to);
      queue.push(edge.to);
    }
  }
  return found;
}
