// Edges that nobody draws: what a new node is joined to, and where an edge can lead from a node. For keys and lists.
import {
  addEdge,
  type Container,
  changeEdge,
  edgeKeys,
  edgeRefusal,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  graphAt,
  portsOf,
} from '@/components/data/graph';
import type { EditorStore, Types } from './store';

/** Where an edge begins. */
export interface From {
  node: string;
  port?: string;
  on?: 'error' | 'rollback';
}

export interface Joining {
  from: readonly From[];
  /** Key of the edge into which the node is put. */
  into?: string;
}

export function edgeOf(from: From, to: string): FlowEdge {
  const edge: FlowEdge = { from: from.node, to };
  if (from.on) edge.on = from.on;
  else if (from.port) edge.from_port = from.port;
  return edge;
}

// Nothing comes before the one, nothing behind the other.
const BEGINS = 'input';
const ENDS = 'fail';

function outOf(node: FlowNode, types: Types): From {
  const [port] = portsOf(node, types.get(node.type));
  return port?.name ? { node: node.id, port: port.name } : { node: node.id };
}

/**
 * What a new node follows: the one that is named, the nodes that are selected, the edge that is, else the end of the graph where it
 * has but one.
 */
export function joining(editor: EditorStore, types: Types, after?: string): Joining {
  const { selection } = editor.get();
  const { nodes, edges = [] } = editor.graph();
  const named = nodes.find((node) => node.id === after);
  if (named) return { from: [outOf(named, types)] };
  if (selection.nodes.length > 0) {
    return { from: nodes.filter((node) => selection.nodes.includes(node.id)).map((node) => outOf(node, types)) };
  }
  if (selection.edges.length > 0) return selection.edges.length === 1 ? { from: [], into: selection.edges[0] } : NONE;
  const busy = new Set(edges.flatMap((edge) => (edge.on === 'rollback' ? [edge.to] : [edge.from])));
  const ends = nodes.filter((node) => !busy.has(node.id) && node.type !== ENDS);
  return ends.length === 1 ? { from: [outOf(ends[0]!, types)] } : NONE;
}

const NONE: Joining = { from: [] };

/** Draws the edges that a new node is to have; those that the server would refuse are left out. */
export function join(
  document: FlowDocument,
  container: Container,
  node: FlowNode,
  { from, into }: Joining,
  types: Types,
): FlowDocument {
  if (node.type === BEGINS) return document;
  if (into !== undefined) return putInto(document, container, node, into, types);
  let next = document;
  for (const one of from) {
    const edge = edgeOf(one, node.id);
    if (edgeRefusal(graphAt(next, container)!, edge, types) === undefined) next = addEdge(next, container, edge);
  }
  return next;
}

function putInto(document: FlowDocument, container: Container, node: FlowNode, key: string, types: Types) {
  const { edges = [] } = graphAt(document, container)!;
  const edge = edges[edgeKeys(edges).indexOf(key)];
  if (!edge || edge.on === 'rollback') return document;
  const onwards = edgeOf(outOf(node, types), edge.to);
  const next = changeEdge(document, container, key, (one) => ({ ...one, to: node.id }));
  return edgeRefusal(graphAt(next, container)!, onwards, types) === undefined
    ? addEdge(next, container, onwards)
    : document;
}

export interface Way {
  from: From;
  to: FlowNode;
}

/** Every edge that could be drawn from a node: on success or from its ports, then on error. */
export function waysOn(editor: EditorStore, id: string, types: Types): Way[] {
  const graph = editor.graph();
  const node = graph.nodes.find((one) => one.id === id);
  if (!node) return [];
  const begins: From[] = portsOf(node, types.get(node.type)).map(({ name }) =>
    name ? { node: id, port: name } : { node: id },
  );
  begins.push({ node: id, on: 'error' });
  return begins.flatMap((from) =>
    graph.nodes
      .filter((to) => to.type !== BEGINS && edgeRefusal(graph, edgeOf(from, to.id), types) === undefined)
      .map((to) => ({ from, to })),
  );
}
