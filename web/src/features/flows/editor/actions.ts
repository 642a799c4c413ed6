// What can be done to the open graph, each as one entry of the history.
import {
  addEdge,
  addNode,
  bodyOf,
  type Clip,
  changeEdge,
  changeNode,
  copyNodes,
  edgeKeys,
  edgeRefusal,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  freeId,
  graphAt,
  isClip,
  pasteNodes,
  removeNodes,
  renameNode,
  withGraphAt,
  withPositions,
} from '@/components/data/graph';
import { isObject, type JsonObject } from '@/components/data/json';
import { boxOf, NODE_HEIGHT, NODE_WIDTH } from './geometry';
import { edgeOf, type From, type Joining, join } from './joining';
import type { EditorStore, Point, Types } from './store';
import { changeNote, freeNoteId, type Note, notesOf, withNotes } from './ui';

/** A node type as the palette offers it. */
export interface Kind {
  name: string;
  title?: string;
  config_schema?: unknown;
  example?: unknown;
  has_ports?: boolean;
}

/** Where a node of the open graph stands: as the document says, else where the layout put it. */
export function placeOf(editor: EditorStore, node: FlowNode): Point {
  const { position } = node;
  if (isObject(position) && typeof position.x === 'number' && typeof position.y === 'number') {
    return { x: position.x, y: position.y };
  }
  return editor.get().places.get(node.id) ?? { x: 0, y: 0 };
}

/**
 * Writes into the document where its nodes are seen, so that they stay there. A graph that was laid out by itself gets its
 * positions with the first change that somebody makes on the canvas.
 */
function settled(editor: EditorStore, document: FlowDocument): FlowDocument {
  const { container, places } = editor.get();
  const graph = graphAt(document, container);
  const open = graph?.nodes.filter((node) => !isObject(node.position) && places.has(node.id)) ?? [];
  if (open.length === 0) return document;
  return withPositions(document, container, new Map(open.map((node) => [node.id, places.get(node.id) as Point])));
}

/** The first config of a new node: what its type demands, with the values of the type's example. */
export function firstConfig(kind: Kind): JsonObject | undefined {
  const schema = isObject(kind.config_schema) ? kind.config_schema : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const example = isObject(kind.example) && isObject(kind.example.config) ? kind.example.config : {};
  const config: JsonObject = {};
  for (const name of required) if (typeof name === 'string' && name in example) config[name] = example[name]!;
  if (kind.has_ports && example.default !== undefined) config.default = example.default;
  return Object.keys(config).length > 0 ? config : undefined;
}

/** Adds a node, joined to others by the edges that are allowed. Gives its id. */
export function addKind(
  editor: EditorStore,
  kind: Kind,
  at: Point | undefined,
  types: Types,
  joined: Joining = { from: [] },
): string {
  const { container, document } = editor.get();
  const config = firstConfig(kind);
  const place = at ?? nextPlace(editor, types, behind(editor, joined));
  const fresh: FlowNode = { id: freeId(document, kind.name), type: kind.name };
  if (config) fresh.config = config;
  fresh.position = { x: Math.round(place.x), y: Math.round(place.y) };
  // Ids in an example's body have to be free in the whole flow.
  const clip = bodyOf(fresh) ? renumbered(document, fresh, types) : fresh;
  editor.edit(
    (before) => join(addNode(settled(editor, before), container, clip), container, clip, joined, types),
    undefined,
    { nodes: [fresh.id] },
  );
  return fresh.id;
}

function renumbered(document: FlowDocument, node: FlowNode, types: Types): FlowNode {
  const pasted = pasteNodes({ nodes: document.nodes }, [], { nodes: [node], edges: [] }, { x: 0, y: 0 }, types);
  const copy = pasted.document.nodes.at(-1) as FlowNode;
  return { ...copy, id: node.id };
}

/** The node beside which a new one is put: of several the rightmost. */
function behind(editor: EditorStore, { from, into }: Joining): string | undefined {
  const { nodes, edges = [] } = editor.graph();
  if (into !== undefined) return edges[edgeKeys(edges).indexOf(into)]?.from;
  const ids = new Set(from.map((one) => one.node));
  const ordered = nodes.filter((node) => ids.has(node.id));
  return ordered.sort((a, b) => placeOf(editor, b).x - placeOf(editor, a).x)[0]?.id;
}

/** Right of the node that it follows, below what stands there already; else right of everything. */
export function nextPlace(editor: EditorStore, types: Types, after?: string): Point {
  const { nodes } = editor.graph();
  if (nodes.length === 0) return { x: 0, y: 0 };
  const boxes = nodes.map((node) => ({ ...placeOf(editor, node), ...boxOf(node, types) }));
  const source = nodes.find((node) => node.id === after) ?? nodes.at(-1)!;
  const from = placeOf(editor, source);
  const place = { x: from.x + NODE_WIDTH + 88, y: from.y };
  const hit = () =>
    boxes.find(
      (box) =>
        Math.abs(box.x - place.x) < NODE_WIDTH &&
        place.y < box.y + box.height + 16 &&
        place.y + NODE_HEIGHT + 16 > box.y,
    );
  for (let box = hit(); box; box = hit()) place.y = box.y + box.height + 36;
  return place;
}

/** Draws an edge. Gives why not, when it cannot be. */
export function connect(editor: EditorStore, from: From, to: string, types: Types): string | undefined {
  const edge = edgeOf(from, to);
  const refusal = edgeRefusal(editor.graph(), edge, types);
  if (refusal) return refusal;
  const { container } = editor.get();
  editor.edit((document) => addEdge(settled(editor, document), container, edge));
  return undefined;
}

/** Removes what is selected. */
export function removeSelected(editor: EditorStore): void {
  const { container, selection } = editor.get();
  if (selection.nodes.length + selection.edges.length + selection.notes.length === 0) return;
  editor.edit(
    (document) => {
      let next = document;
      for (const key of selection.edges) next = changeEdge(next, container, key, () => undefined);
      if (selection.nodes.length > 0) next = removeNodes(next, container, selection.nodes);
      if (selection.notes.length > 0) {
        next = withNotes(
          next,
          notesOf(next).filter((note) => !selection.notes.includes(note.id)),
        );
      }
      return next;
    },
    undefined,
    {},
  );
}

/** Writes where nodes and notes stand: the end of a drag. */
export function move(
  editor: EditorStore,
  nodes: ReadonlyMap<string, Point>,
  notes: ReadonlyMap<string, Point>,
  gesture?: string,
): void {
  const { container } = editor.get();
  editor.edit((document) => {
    let next = nodes.size > 0 ? withPositions(settled(editor, document), container, nodes) : document;
    for (const [id, place] of notes) next = changeNote(next, id, place);
    return samePlaces(document, next, container) ? document : next;
  }, gesture);
}

function samePlaces(before: FlowDocument, after: FlowDocument, container: readonly string[]): boolean {
  const [a, b] = [graphAt(before, container)?.nodes, graphAt(after, container)?.nodes];
  return before.ui === after.ui && a?.length === b?.length && a!.every((node, index) => node === b![index]);
}

/** Moves what is selected by some pixels; a row of nudges is one entry. */
export function nudge(editor: EditorStore, by: Point): void {
  const { selection, document } = editor.get();
  const moved = new Map<string, Point>();
  for (const node of editor.graph().nodes) {
    if (!selection.nodes.includes(node.id)) continue;
    const at = placeOf(editor, node);
    moved.set(node.id, { x: at.x + by.x, y: at.y + by.y });
  }
  const notes = new Map<string, Point>();
  for (const note of notesOf(document)) {
    if (selection.notes.includes(note.id)) notes.set(note.id, { x: note.x + by.x, y: note.y + by.y });
  }
  if (moved.size + notes.size > 0) move(editor, moved, notes, 'nudge');
}

/** What copying gives, as text; nothing when no node is selected. */
export function copied(editor: EditorStore): string | undefined {
  const { selection } = editor.get();
  if (selection.nodes.length === 0) return undefined;
  const graph = editor.graph();
  const clip = copyNodes(graph, selection.nodes);
  const nodes = clip.nodes.map((node) => ({ ...node, position: placeOf(editor, node) }));
  return JSON.stringify({ nodes, edges: clip.edges }, null, 2);
}

/** Reads a clip from pasted text: nodes that were copied here, or a document of a flow. */
export function clipOf(text: string): Clip | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (isObject(value) && Array.isArray(value.nodes) && value.edges === undefined) value = { ...value, edges: [] };
  return isClip(value) ? { nodes: value.nodes, edges: value.edges } : undefined;
}

/** Pastes beside where the nodes stood, or with their upper left corner at a place. */
export function paste(editor: EditorStore, clip: Clip, types: Types, at?: Point): string[] {
  const { container } = editor.get();
  const corner = cornerOf(clip.nodes);
  const offset = at ? { x: at.x - corner.x, y: at.y - corner.y } : { x: 32, y: 32 };
  let ids: string[] = [];
  const nodes = clip.nodes.map((node) => (node.position ? node : { ...node, position: corner }));
  const next = pasteNodes(
    settled(editor, editor.get().document),
    container,
    { nodes, edges: clip.edges },
    offset,
    types,
  );
  ids = next.ids;
  editor.edit(() => next.document, undefined, { nodes: ids });
  return ids;
}

function cornerOf(nodes: readonly FlowNode[]): Point {
  const places = nodes.flatMap((node) => (node.position ? [node.position] : []));
  if (places.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...places.map((one) => one.x)), y: Math.min(...places.map((one) => one.y)) };
}

/** Places of a whole graph, as the layout found them. */
export function layOut(editor: EditorStore, places: ReadonlyMap<string, Point>): void {
  const { container } = editor.get();
  editor.edit((document) => {
    const next = withPositions(document, container, places);
    return samePlaces(document, next, container) ? document : next;
  });
}

/** Another id for a node; its edges and the expressions that name it follow. */
export function rename(editor: EditorStore, id: string, to: string, types: Types): void {
  const place = editor.get().places.get(id);
  if (place) editor.setPlaces(new Map([[to, place]]));
  editor.edit((document) => renameNode(document, id, to, types), undefined, { nodes: [to] });
}

/** Changes a node's members; `undefined` takes one out. */
export function setNode(editor: EditorStore, id: string, members: Partial<FlowNode>, field: string): void {
  editor.edit(
    (document) =>
      changeNode(document, id, (node) => {
        const next: FlowNode = { ...node, ...members };
        for (const name of Object.keys(members)) if (next[name] === undefined) delete next[name];
        return next;
      }),
    `${id}/${field}`,
  );
}

/** Changes an edge of the open graph; it stays selected under its new key. Gives why not, when it cannot be. */
export function setEdge(
  editor: EditorStore,
  key: string,
  members: Partial<FlowEdge>,
  field: string,
  types: Types,
): string | undefined {
  const { container } = editor.get();
  const graph = editor.graph();
  const keys = edgeKeys(graph.edges ?? []);
  const index = keys.indexOf(key);
  const before = graph.edges?.[index];
  if (!before) return undefined;
  const edge: FlowEdge = { ...before, ...members };
  for (const name of Object.keys(members)) if (edge[name] === undefined) delete edge[name];
  const rest = { ...graph, edges: (graph.edges ?? []).filter((_, at) => at !== index) };
  const refusal = field === 'condition' ? undefined : edgeRefusal(rest, edge, types);
  if (refusal) return refusal;
  const edges = (graph.edges ?? []).map((one, at) => (at === index ? edge : one));
  editor.edit((document) => withGraphAt(document, container, (open) => ({ ...open, edges })), `${key}/${field}`, {
    edges: [edgeKeys(edges)[index]!],
  });
  return undefined;
}

/** A frame around what is selected, or a comment. */
export function addNote(editor: EditorStore, kind: Note['kind'], at: Point, types: Types): void {
  const { container, document, selection } = editor.get();
  const chosen = editor.graph().nodes.filter((node) => selection.nodes.includes(node.id));
  const note: Note = {
    id: freeNoteId(document, kind),
    kind,
    text: kind === 'group' ? 'Group' : 'Comment',
    in: container.at(-1) ?? '',
    x: at.x,
    y: at.y,
    width: kind === 'group' ? 320 : 220,
    height: kind === 'group' ? 180 : 80,
  };
  if (kind === 'group' && chosen.length > 0) {
    const boxes = chosen.map((node) => ({ ...placeOf(editor, node), ...boxOf(node, types) }));
    note.x = Math.min(...boxes.map((box) => box.x)) - 24;
    note.y = Math.min(...boxes.map((box) => box.y)) - 40;
    note.width = Math.max(...boxes.map((box) => box.x)) + NODE_WIDTH + 24 - note.x;
    note.height = Math.max(...boxes.map((box) => box.y + box.height)) + 24 - note.y;
  }
  editor.edit((before) => withNotes(settled(editor, before), [...notesOf(before), note]), undefined, {
    notes: [note.id],
  });
}
