// Where nodes go when a graph is laid out: dagre, from left to right. It runs in layout.worker.ts, never on the page itself.
import { Graph, layout } from '@dagrejs/dagre';

export interface LayoutNode {
  id: string;
  width: number;
  height: number;
}

export interface LayoutInput {
  nodes: LayoutNode[];
  edges: { from: string; to: string }[];
  /** `right` (default) or `down`. */
  direction?: 'right' | 'down';
}

/** The left upper corner of each node. */
export type Places = Map<string, { x: number; y: number }>;

/** Distances in pixels: between ranks there is room for an edge's label. */
const BETWEEN_RANKS = 88;
const BETWEEN_NODES = 36;

export function place(input: LayoutInput): Places {
  const graph = new Graph();
  graph.setGraph({ rankdir: input.direction === 'down' ? 'TB' : 'LR', ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NODES });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of input.nodes) graph.setNode(node.id, { width: node.width, height: node.height });
  for (const edge of input.edges) {
    if (edge.from !== edge.to && graph.hasNode(edge.from) && graph.hasNode(edge.to)) graph.setEdge(edge.from, edge.to);
  }
  layout(graph);
  const places: Places = new Map();
  for (const node of input.nodes) {
    const at = graph.node(node.id) as { x: number; y: number };
    places.set(node.id, { x: Math.round(at.x - node.width / 2), y: Math.round(at.y - node.height / 2) });
  }
  return places;
}
