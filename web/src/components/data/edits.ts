// Edits of flow documents: documents go in and copies come out; what does not change stays the same object.
import {
  bodyOf,
  type Container,
  edgeKeys,
  type FlowDocument,
  type FlowEdge,
  type FlowGraph,
  type FlowNode,
  graphsOf,
  type NodeTypeInfo,
  nodesOf,
  withBody,
  withGraphAt,
} from './flow';
import { isObject, type Json, type JsonObject, same } from './json';
import { freeId } from './naming';
import { renameInText } from './rename';

export function addNode<G extends FlowGraph>(document: G, container: Container, node: FlowNode): G {
  return withGraphAt(document, container, (graph) => ({ ...graph, nodes: [...graph.nodes, node] }));
}

export function changeNode<G extends FlowGraph>(document: G, id: string, change: (node: FlowNode) => FlowNode): G {
  const place = nodesOf(document).get(id);
  if (!place) return document;
  return withGraphAt(document, place.container, (graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) => (node === place.node ? change(node) : node)),
  }));
}

/** Takes nodes out of one graph, with the edges that touch them. */
export function removeNodes<G extends FlowGraph>(document: G, container: Container, ids: Iterable<string>): G {
  const gone = new Set(ids);
  return withGraphAt(document, container, (graph) => {
    const nodes = graph.nodes.filter((node) => !gone.has(node.id));
    if (!graph.edges) return { ...graph, nodes };
    return { ...graph, nodes, edges: graph.edges.filter((edge) => !gone.has(edge.from) && !gone.has(edge.to)) };
  });
}

export function addEdge<G extends FlowGraph>(document: G, container: Container, edge: FlowEdge): G {
  return withGraphAt(document, container, (graph) => ({ ...graph, edges: [...(graph.edges ?? []), edge] }));
}

/** Changes the edge with this key (see `edgeKeys`); `undefined` removes it. */
export function changeEdge<G extends FlowGraph>(
  document: G,
  container: Container,
  key: string,
  change: (edge: FlowEdge) => FlowEdge | undefined,
): G {
  return withGraphAt(document, container, (graph) => {
    const keys = edgeKeys(graph.edges ?? []);
    const edges = (graph.edges ?? []).flatMap((edge, index) => (keys[index] === key ? (change(edge) ?? []) : edge));
    return { ...graph, edges };
  });
}

/** Gives a node another id: its edges follow, and so do the expressions of the whole flow that name it. */
export function renameNode(
  document: FlowDocument,
  id: string,
  to: string,
  types?: ReadonlyMap<string, NodeTypeInfo>,
): FlowDocument {
  if (id === to || !nodesOf(document).has(id)) return document;
  return renameIn(document, new Map([[id, to]]), types) as FlowDocument;
}

function renameIn<G extends FlowGraph>(
  graph: G,
  names: ReadonlyMap<string, string>,
  types?: ReadonlyMap<string, NodeTypeInfo>,
): G {
  const nodes = graph.nodes.map((node) => renameInNode(node, names, types));
  const edges = graph.edges?.map((edge) => {
    const copy = { ...edge, from: names.get(edge.from) ?? edge.from, to: names.get(edge.to) ?? edge.to };
    if (typeof edge.condition === 'string') copy.condition = renameInText(edge.condition, names);
    return copy;
  });
  const copy = { ...graph, nodes };
  if (edges) copy.edges = edges;
  if (graph.output !== undefined) copy.output = renameInTemplates(graph.output, names);
  return copy;
}

function renameInNode(
  node: FlowNode,
  names: ReadonlyMap<string, string>,
  types?: ReadonlyMap<string, NodeTypeInfo>,
): FlowNode {
  const body = bodyOf(node);
  let copy: FlowNode = { ...node, id: names.get(node.id) ?? node.id };
  if (isObject(node.config)) {
    const { body: inner, ...config } = node.config;
    const own = renameInConfig(body ? config : node.config, types?.get(node.type)?.config_schema, names) as JsonObject;
    copy.config = body ? { ...own, body: inner as Json } : own;
  }
  if (body) copy = withBody(copy, renameIn(body, names, types));
  const retry = node.retry;
  if (isObject(retry) && typeof retry.retry_if === 'string')
    copy.retry = { ...retry, retry_if: renameInText(retry.retry_if, names) };
  return copy;
}

function renameInConfig(value: Json, schema: unknown, names: ReadonlyMap<string, string>): Json {
  const own = isObject(schema) ? schema : {};
  if (typeof value === 'string')
    return own['x-expression'] === true ? renameInText(value, names) : renameInText(value, names, true);
  if (Array.isArray(value)) return value.map((part) => renameInConfig(part, own.items, names));
  if (!isObject(value)) return value;
  const members = isObject(own.properties) ? own.properties : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      renameInConfig(part, members[name] ?? own.additionalProperties, names),
    ]),
  );
}

function renameInTemplates(value: Json, names: ReadonlyMap<string, string>): Json {
  return renameInConfig(value, undefined, names);
}

// -- copy and paste ---------------------------------------------------------------------------------------------------

/** Nodes of one graph with the edges between them: what copying keeps and pasting takes. */
export interface Clip {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

export function copyNodes(graph: FlowGraph, ids: Iterable<string>): Clip {
  const wanted = new Set(ids);
  return {
    nodes: graph.nodes.filter((node) => wanted.has(node.id)),
    edges: (graph.edges ?? []).filter((edge) => wanted.has(edge.from) && wanted.has(edge.to)),
  };
}

/** Whether pasted text is a clip. */
export function isClip(value: unknown): value is Clip {
  return (
    isObject(value) &&
    Array.isArray(value.nodes) &&
    value.nodes.length > 0 &&
    value.nodes.every((node) => isObject(node) && typeof node.id === 'string' && typeof node.type === 'string') &&
    Array.isArray(value.edges) &&
    value.edges.every((edge) => isObject(edge) && typeof edge.from === 'string' && typeof edge.to === 'string')
  );
}

/** Adds a clip to a graph under fresh ids, moved by an offset; expressions among the pasted nodes follow the new ids. */
export function pasteNodes<G extends FlowGraph>(
  document: G,
  container: Container,
  clip: Clip,
  offset: { x: number; y: number },
  types?: ReadonlyMap<string, NodeTypeInfo>,
): { document: G; ids: string[] } {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { graph } of graphsOf({ nodes: clip.nodes })) {
    for (const node of graph.nodes) {
      const id = freeId(document, node.id, taken);
      taken.add(id);
      names.set(node.id, id);
    }
  }
  const fresh = renameIn({ nodes: clip.nodes, edges: clip.edges }, names, types);
  const nodes = fresh.nodes.map((node) =>
    node.position ? { ...node, position: { x: node.position.x + offset.x, y: node.position.y + offset.y } } : node,
  );
  const next = withGraphAt(document, container, (graph) => ({
    ...graph,
    nodes: [...graph.nodes, ...nodes],
    edges: [...(graph.edges ?? []), ...(fresh.edges ?? [])],
  }));
  return { document: next, ids: nodes.map((node) => node.id) };
}

/** Writes positions into one graph's nodes, rounded to whole pixels; what does not move stays the same object. */
export function withPositions<G extends FlowGraph>(
  document: G,
  container: Container,
  places: ReadonlyMap<string, { x: number; y: number }>,
): G {
  return withGraphAt(document, container, (graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) => {
      const place = places.get(node.id);
      if (!place) return node;
      const position = { x: Math.round(place.x), y: Math.round(place.y) };
      return same(node.position, position) ? node : { ...node, position };
    }),
  }));
}
