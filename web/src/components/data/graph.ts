// Graph logic of flows, shared by the editor and the run overlay: what may be connected, what comes before a node, ports,
// ids, and the edits of a graph. All of it is pure: documents go in and copies come out.
import {
  bodyOf,
  type Container,
  edgeKeys,
  type FlowDocument,
  type FlowEdge,
  type FlowGraph,
  type FlowNode,
  graphAt,
  graphsOf,
  type NodeTypeInfo,
  nodesOf,
  withBody,
  withGraphAt,
} from './flow';
import { isObject, type Json, type JsonObject, same } from './json';
import { renameInText } from './rename';

export * from './flow';

const ID = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** Why an id cannot be had; nothing when it can. */
export function idRefusal(document: FlowGraph, id: string, own?: string): string | undefined {
  if (!ID.test(id)) return 'Use 1 to 64 letters, digits, _ or -, beginning with a letter or _.';
  if (id !== own && nodesOf(document).has(id))
    return `There is a node ${id} already; ids are unique in the whole flow, bodies included.`;
  return undefined;
}

/** An id that is free in the whole flow, made from a type (`http.request`) or another id: `http_request`, `http_request_2`. */
export function freeId(document: FlowGraph, from: string, taken: ReadonlySet<string> = new Set()): string {
  let stem = from
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^(?=[^A-Za-z_])/, '_')
    .slice(0, 58);
  if (stem === '' || stem === '_') stem = 'node';
  const numbered = /^(.+)_(\d{1,4})$/.exec(stem);
  const known = nodesOf(document);
  const free = (id: string) => !known.has(id) && !taken.has(id);
  if (free(stem)) return stem;
  if (numbered?.[1]) stem = numbered[1];
  for (let number = 2; ; number++) if (free(`${stem}_${number}`)) return `${stem}_${number}`;
}

export interface Port {
  /** What `from_port` says; empty for the node's only way out. */
  name: string;
  title: string;
  /** The case's condition, of a switch. */
  when?: string;
}

/** The ways out of a node: the cases and the default of a switch, else the one way that has no name. */
export function portsOf(node: FlowNode, type?: NodeTypeInfo): Port[] {
  const hasPorts = type ? type.has_ports === true : node.type === 'switch';
  if (!hasPorts) return [{ name: '', title: 'out' }];
  const ports: Port[] = [];
  const add = (name: unknown, when?: unknown) => {
    if (typeof name !== 'string' || name === '' || ports.some((port) => port.name === name)) return;
    ports.push(typeof when === 'string' ? { name, title: name, when } : { name, title: name });
  };
  const cases: unknown = node.config?.cases;
  if (Array.isArray(cases)) for (const one of cases) if (isObject(one)) add(one.port, one.when);
  add(node.config?.default);
  return ports;
}

/** The nodes of a cycle that an edge would close, `from` first and last; nothing when it closes none. */
export function cycleThrough(graph: FlowGraph, from: string, to: string): string[] | undefined {
  if (from === to) return [from, to];
  const back = pathBetween(graph, to, from);
  return back && [from, ...back];
}

/** A shortest path along the edges, rollback edges left out. */
export function pathBetween(graph: FlowGraph, from: string, to: string): string[] | undefined {
  const next = followers(graph);
  const came = new Map<string, string>();
  const queue = [from];
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] as string;
    if (id === to) {
      const path = [id];
      for (let step = came.get(id); step !== undefined; step = came.get(step)) path.unshift(step);
      return path;
    }
    for (const other of next.get(id) ?? []) {
      if (other === from || came.has(other)) continue;
      came.set(other, id);
      queue.push(other);
    }
  }
  return undefined;
}

function followers(graph: FlowGraph): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const edge of graph.edges ?? []) {
    if (edge.on === 'rollback') continue;
    const list = next.get(edge.from);
    if (list) list.push(edge.to);
    else next.set(edge.from, [edge.to]);
  }
  return next;
}

/** Why an edge cannot be drawn in this graph, as the server would refuse it; nothing when it can. */
export function edgeRefusal(
  graph: FlowGraph,
  edge: FlowEdge,
  types?: ReadonlyMap<string, NodeTypeInfo>,
): string | undefined {
  const from = graph.nodes.find((node) => node.id === edge.from);
  const to = graph.nodes.find((node) => node.id === edge.to);
  if (!from || !to) return `An edge joins nodes of one graph; ${from ? edge.to : edge.from} is not in this one.`;
  if (edge.from === edge.to) return 'A node cannot follow itself; use a loop.';
  const [key] = edgeKeys([edge]);
  if (edgeKeys(graph.edges ?? []).includes(key as string)) return `There is such an edge already: ${key}.`;
  if (edge.on === 'rollback') return rollbackRefusal(graph, edge);
  const compensated = (graph.edges ?? []).find(
    (one) => one.on === 'rollback' && (one.to === edge.to || one.to === edge.from),
  );
  if (compensated) return `${compensated.to} undoes ${compensated.from}, so it can have no other edge.`;
  if (edge.from_port && !portsOf(from, types?.get(from.type)).some((port) => port.name === edge.from_port)) {
    return `${edge.from} has no port ${edge.from_port}.`;
  }
  const cycle = cycleThrough(graph, edge.from, edge.to);
  if (cycle) return `This would close a cycle: ${cycle.join(' → ')}. Use a loop to repeat steps.`;
  return undefined;
}

function rollbackRefusal(graph: FlowGraph, edge: FlowEdge): string | undefined {
  if (edge.condition || edge.from_port) return 'A rollback edge has neither condition nor port.';
  const undoing = (graph.edges ?? []).find((one) => one.on === 'rollback' && one.from === edge.from);
  if (undoing) return `${edge.from} is undone by ${undoing.to} already.`;
  for (const one of graph.edges ?? []) {
    if (one.from === edge.to || one.to === edge.to)
      return `${edge.to} has other edges; a node that undoes another has none.`;
  }
  const to = graph.nodes.find((node) => node.id === edge.to);
  if (to && (bodyOf(to) || ['map', 'loop', 'wait', 'wait.signal', 'subflow'].includes(to.type))) {
    return `A ${to.type} cannot undo; lead the rollback edge to a task.`;
  }
  return undefined;
}

/** What an expression of a node can name. */
export interface Scope {
  /** Nodes that come before it, outer graphs' included, nearest first. */
  nodes: string[];
  /** `item` and `index`: the node stands in a body. */
  item: boolean;
  /** `error`: an error or rollback edge leads to the node. */
  error: boolean;
}

/** The names in scope in the config of a node; of a node that is not there, nothing. */
export function scopeOf(document: FlowGraph, id: string): Scope {
  const place = nodesOf(document).get(id);
  if (!place) return { nodes: [], item: false, error: false };
  const nodes: string[] = [];
  let at = id;
  let error = false;
  for (let depth = place.container.length; depth >= 0; depth--) {
    const graph = graphAt(document, place.container.slice(0, depth));
    if (!graph) break;
    for (const one of comesBefore(graph, at)) if (!nodes.includes(one)) nodes.push(one);
    if (depth === place.container.length)
      error = (graph.edges ?? []).some((edge) => edge.to === id && (edge.on === 'error' || edge.on === 'rollback'));
    at = place.container[depth - 1] ?? '';
  }
  return { nodes, item: place.container.length > 0, error };
}

/** The ids of the nodes before one in its graph, nearest first. A compensation stands behind what it undoes. */
export function comesBefore(graph: FlowGraph, id: string): string[] {
  const back = new Map<string, string[]>();
  for (const edge of graph.edges ?? []) {
    const list = back.get(edge.to);
    if (list) list.push(edge.from);
    else back.set(edge.to, [edge.from]);
  }
  const found: string[] = [];
  const queue = [id];
  for (let at = 0; at < queue.length; at++) {
    for (const other of back.get(queue[at] as string) ?? []) {
      if (other === id || found.includes(other)) continue;
      found.push(other);
      queue.push(other);
    }
  }
  return found;
}

/** The ids of the nodes of a graph so that each comes behind those before it; nodes in a cycle come last, in their order. */
export function inOrder(graph: FlowGraph): string[] {
  const waits = new Map(graph.nodes.map((node) => [node.id, 0]));
  for (const edge of graph.edges ?? [])
    if (waits.has(edge.to) && waits.has(edge.from)) waits.set(edge.to, (waits.get(edge.to) ?? 0) + 1);
  const next = new Map<string, string[]>();
  for (const edge of graph.edges ?? []) next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  const order = graph.nodes.map((node) => node.id).filter((id) => waits.get(id) === 0);
  for (let at = 0; at < order.length; at++) {
    for (const other of next.get(order[at] as string) ?? []) {
      const left = (waits.get(other) ?? 0) - 1;
      waits.set(other, left);
      if (left === 0) order.push(other);
    }
  }
  const placed = new Set(order);
  return [...order, ...graph.nodes.map((node) => node.id).filter((id) => !placed.has(id))];
}

// -- edits ------------------------------------------------------------------------------------------------------------

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

// -- what a canvas draws ----------------------------------------------------------------------------------------------

export interface CanvasNode {
  id: string;
  title: string;
  type: string;
  ports: Port[];
  /** Nodes of the body, of a container; bodies in it included. */
  inner: number | undefined;
  position: { x: number; y: number } | undefined;
  node: FlowNode;
}

export interface CanvasEdge {
  /** See `edgeKeys`. */
  id: string;
  source: string;
  target: string;
  /** The port; empty for the only way out. */
  sourcePort: string;
  kind: 'success' | 'error' | 'rollback';
  label: string;
  edge: FlowEdge;
}

/** One graph as nodes and edges to draw. Edges whose ends are not there are left out; the problems list names them. */
export function toCanvas(
  graph: FlowGraph,
  types?: ReadonlyMap<string, NodeTypeInfo>,
): { nodes: CanvasNode[]; edges: CanvasEdge[] } {
  const nodes: CanvasNode[] = [];
  const known = new Set<string>();
  for (const node of graph.nodes ?? []) {
    if (!isObject(node) || typeof node.id !== 'string' || known.has(node.id)) continue;
    known.add(node.id);
    const body = bodyOf(node);
    nodes.push({
      id: node.id,
      title: typeof node.name === 'string' && node.name !== '' ? node.name : node.id,
      type: String(node.type ?? ''),
      ports: portsOf(node, types?.get(node.type)),
      inner: body && nodesOf(body).size,
      position: placeOf(node),
      node,
    });
  }
  const keys = edgeKeys(graph.edges ?? []);
  const edges: CanvasEdge[] = [];
  for (const [index, edge] of (graph.edges ?? []).entries()) {
    if (!known.has(edge.from) || !known.has(edge.to)) continue;
    edges.push({
      id: keys[index] as string,
      source: edge.from,
      target: edge.to,
      sourcePort: edge.from_port ?? '',
      kind: edge.on ?? 'success',
      label: [edge.from_port, edge.condition].filter(Boolean).join(': '),
      edge,
    });
  }
  return { nodes, edges };
}

function placeOf(node: FlowNode): { x: number; y: number } | undefined {
  const place: unknown = node.position;
  if (!isObject(place) || typeof place.x !== 'number' || typeof place.y !== 'number') return undefined;
  return { x: place.x, y: place.y };
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
