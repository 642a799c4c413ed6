// Graph logic of flows, shared by the editor and the run overlay: what may be connected, what comes before a node, ports, what
// a canvas draws; with the document's parts (flow.ts), ids (naming.ts) and edits (edits.ts). All of it is pure.
import {
  bodyOf,
  edgeKeys,
  type FlowEdge,
  type FlowGraph,
  type FlowNode,
  graphAt,
  type NodeTypeInfo,
  nodesOf,
} from './flow';
import { isObject } from './json';

export * from './edits';
export * from './flow';
export * from './naming';

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
