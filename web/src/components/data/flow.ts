// The flow document as the dashboard reads it. The server's schema is loose here, since a draft may hold anything, so only
// the members that the dashboard works with are named; all others are kept as they are.
import { isObject, type Json, type JsonObject } from './json';

export interface FlowNode {
  id: string;
  type: string;
  config?: JsonObject;
  name?: string;
  description?: string;
  position?: { x: number; y: number };
  [member: string]: unknown;
}

export interface FlowEdge {
  from: string;
  to: string;
  condition?: string;
  on?: 'success' | 'error' | 'rollback';
  from_port?: string;
  [member: string]: unknown;
}

/** The flow itself, or the body of a container. */
export interface FlowGraph {
  nodes: FlowNode[];
  edges?: FlowEdge[];
  output?: Json;
  [member: string]: unknown;
}

export interface FlowDocument extends FlowGraph {
  name?: string;
}

/** What the helpers ask of a row of `GET /api/v1/node-types`. */
export interface NodeTypeInfo {
  name: string;
  title?: string;
  category?: string;
  has_ports?: boolean;
  config_schema?: unknown;
}

/** The inner graph of a container, if the node has one. */
export function bodyOf(node: FlowNode): FlowGraph | undefined {
  const body: unknown = isObject(node.config) ? node.config.body : undefined;
  if (!isObject(body) || !Array.isArray(body.nodes)) return undefined;
  return body as unknown as FlowGraph;
}

/** A copy of the node with another inner graph. */
export function withBody(node: FlowNode, body: FlowGraph): FlowNode {
  return { ...node, config: { ...(node.config ?? {}), body: body as unknown as Json } };
}

/** How a container's body is reached from the flow: the ids of the containers on the way, outermost first. */
export type Container = readonly string[];

/** A node with the place where it stands. */
export interface PlacedNode {
  node: FlowNode;
  container: Container;
  /** JSON pointer to the node in the document. */
  pointer: string;
}

/** Each graph of the document: the flow itself first, then bodies in the order of their containers. */
export function* graphsOf(
  graph: FlowGraph,
  container: Container = [],
  pointer = '',
): Generator<{ graph: FlowGraph; container: Container; pointer: string }> {
  yield { graph, container, pointer };
  for (const [index, node] of (graph.nodes ?? []).entries()) {
    const body = isObject(node) ? bodyOf(node as FlowNode) : undefined;
    if (body) yield* graphsOf(body, [...container, node.id], `${pointer}/nodes/${index}/config/body`);
  }
}

/** All nodes by id, those of bodies too. Of an id that is there twice the first one counts. */
export function nodesOf(document: FlowGraph): Map<string, PlacedNode> {
  const found = new Map<string, PlacedNode>();
  for (const { graph, container, pointer } of graphsOf(document)) {
    for (const [index, node] of (graph.nodes ?? []).entries()) {
      if (isObject(node) && typeof node.id === 'string' && !found.has(node.id)) {
        found.set(node.id, { node: node as FlowNode, container, pointer: `${pointer}/nodes/${index}` });
      }
    }
  }
  return found;
}

/** The graph of a container; nothing when a container on the way is gone. */
export function graphAt(document: FlowGraph, container: Container): FlowGraph | undefined {
  let graph: FlowGraph | undefined = document;
  for (const id of container) {
    const node: FlowNode | undefined = graph?.nodes.find((one) => one.id === id);
    graph = node && bodyOf(node);
  }
  return graph;
}

/** A copy of the document with the container's graph changed. Without such a container the document as it is. */
export function withGraphAt<G extends FlowGraph>(
  document: G,
  container: Container,
  change: (graph: FlowGraph) => FlowGraph,
): G {
  const [id, ...rest] = container;
  if (id === undefined) return change(document) as G;
  const nodes = document.nodes.map((node) => {
    const body = node.id === id ? bodyOf(node) : undefined;
    return body ? withBody(node, withGraphAt(body, rest, change)) : node;
  });
  return { ...document, nodes };
}

/** The edges' keys as the server's comparison writes them: `a→b`, `a→b on error`, `a→b from port big`, `a→b #2`. */
export function edgeKeys(edges: readonly FlowEdge[]): string[] {
  const seen = new Map<string, number>();
  return edges.map((edge) => {
    let key = `${edge.from}→${edge.to}`;
    if (edge.on && edge.on !== 'success') key += ` on ${edge.on}`;
    if (edge.from_port) key += ` from port ${edge.from_port}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count === 1 ? key : `${key} #${count}`;
  });
}
