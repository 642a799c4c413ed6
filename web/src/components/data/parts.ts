// A flow document taken apart into what people compare: the members of the flow, its nodes (those of bodies too) and its
// edges, each under a key; and put together again.
import { bodyOf, edgeKeys, type FlowDocument, type FlowEdge, type FlowGraph, type FlowNode, withBody } from './flow';
import { isObject, type Json, type JsonObject } from './json';

export interface NodePart {
  id: string;
  /** The container it stands in; empty: the flow itself. */
  container: string;
  /** The node without the nodes and edges of its body. */
  own: JsonObject;
  isContainer: boolean;
}

export interface EdgePart {
  /** See `edgeKeys`; in a body behind the container's id: `each: a→b`. */
  key: string;
  container: string;
  own: JsonObject;
}

export interface Parts {
  /** The members of the document beside `nodes` and `edges`. */
  members: JsonObject;
  nodes: Map<string, NodePart>;
  edges: Map<string, EdgePart>;
}

/** Members without `nodes` and `edges`. A member that is null counts as left out, as the server has it. */
function membersOf(graph: FlowGraph): JsonObject {
  const { nodes: _nodes, edges: _edges, ...members } = graph;
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  ) as JsonObject;
}

export function takeApart(document: FlowDocument): Parts {
  const parts: Parts = { members: membersOf(document), nodes: new Map(), edges: new Map() };
  collect(document, '', parts);
  return parts;
}

function collect(graph: FlowGraph, container: string, parts: Parts): void {
  for (const node of Array.isArray(graph.nodes) ? graph.nodes : []) {
    if (!isObject(node) || typeof node.id !== 'string' || parts.nodes.has(node.id)) continue;
    const body = bodyOf(node as FlowNode);
    const own = body ? withBody(node as FlowNode, membersOf(body) as unknown as FlowGraph) : node;
    parts.nodes.set(node.id, {
      id: node.id,
      container,
      own: own as unknown as JsonObject,
      isContainer: body !== undefined,
    });
    if (body) collect(body, node.id, parts);
  }
  const edges = (Array.isArray(graph.edges) ? graph.edges : []).filter((edge) => isObject(edge));
  const keys = edgeKeys(edges);
  for (const [index, edge] of edges.entries()) {
    const key = container === '' ? (keys[index] as string) : `${container}: ${keys[index]}`;
    parts.edges.set(key, { key, container, own: edge as unknown as JsonObject });
  }
}

/** The document of the parts. Nodes and edges whose container is not there, and edges without both ends, are left out. */
export function putTogether(parts: Parts): FlowDocument {
  return graphOf(parts.members, '', parts, new Set()) as FlowDocument;
}

function graphOf(members: JsonObject, container: string, parts: Parts, above: ReadonlySet<string>): FlowGraph {
  const nodes: FlowNode[] = [];
  for (const part of parts.nodes.values()) {
    if (part.container !== container || above.has(part.id)) continue;
    const node = part.own as unknown as FlowNode;
    if (!part.isContainer) {
      nodes.push(node);
      continue;
    }
    const body: Json | undefined = node.config?.body;
    nodes.push(withBody(node, graphOf(isObject(body) ? body : {}, part.id, parts, new Set([...above, part.id]))));
  }
  const ids = new Set(nodes.map((node) => node.id));
  const edges: FlowEdge[] = [];
  for (const part of parts.edges.values()) {
    const edge = part.own as unknown as FlowEdge;
    if (part.container === container && ids.has(edge.from) && ids.has(edge.to)) edges.push(edge);
  }
  const { output, ...head } = members;
  const graph: FlowGraph = { ...head, nodes };
  if (edges.length > 0) graph.edges = edges;
  if (output !== undefined) graph.output = output;
  return graph;
}
