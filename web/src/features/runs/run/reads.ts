// What a step's config reads of the run. Pure.

import type { FlowNode } from '@/components/data/flow';
import type { JsonObject } from '@/components/data/json';
import type { Tree } from './tree';

/** The names that a config's expressions use. */
export function namesUsed(config: unknown): { nodes: string[]; input: boolean; item: boolean } {
  const text = JSON.stringify(config ?? null);
  const nodes = new Set<string>();
  for (const match of text.matchAll(/\bnodes(?:\.|\[\\?["'])([A-Za-z_][A-Za-z0-9_-]*)/g)) nodes.add(match[1]!);
  return { nodes: [...nodes], input: /\binput\b/.test(text), item: /\b(item|index)\b/.test(text) };
}

/** The nearest step of this node seen from a path: in the same item, else further out. */
export function stepOfNode(tree: Tree, from: string, node: string): string | undefined {
  const parts = from.split('/');
  for (let length = parts.length - 1; length >= 0; length--) {
    const path = [...parts.slice(0, length), node].join('/');
    if (tree.nodes.get(path)?.step) return path;
  }
  return undefined;
}

/** The config without the body of a container. */
export function ownConfig(node: FlowNode): JsonObject {
  const { body: _body, ...config } = node.config ?? {};
  return config;
}
