// The state of one open flow: the document with its history, and beside the history what is looked at. One `edit` is one entry
// of undo; edits of one gesture (keys typed into one field, a row of nudges) join the entry that the gesture began.
import { temporal } from 'zundo';
import { createStore } from 'zustand/vanilla';
import {
  type Container,
  edgeKeys,
  type FlowDocument,
  type FlowGraph,
  graphAt,
  type NodeTypeInfo,
  nodesOf,
} from '@/components/data/graph';
import { notesOf } from './ui';

export interface Selection {
  nodes: readonly string[];
  /** Keys of edges of the open graph, see `edgeKeys`. */
  edges: readonly string[];
  /** Ids of groups and comments. */
  notes: readonly string[];
}

export interface Point {
  x: number;
  y: number;
}

export interface EditorState {
  document: FlowDocument;
  /** The body that is open; empty: the flow itself. */
  container: Container;
  selection: Selection;
  /** Where nodes stand of which the document does not say it, by id. */
  places: ReadonlyMap<string, Point>;
}

const NOTHING: Selection = { nodes: [], edges: [], notes: [] };
const MOST_UNDOS = 300;

export type Types = ReadonlyMap<string, NodeTypeInfo>;
export type EditorStore = ReturnType<typeof createEditor>;

export function createEditor(document: FlowDocument) {
  const store = createStore<EditorState>()(
    temporal(() => ({ document, container: [], selection: NOTHING, places: new Map() }) as EditorState, {
      partialize: (state) => ({ document: state.document }),
      equality: (before, after) => before.document === after.document,
      limit: MOST_UNDOS,
    }),
  );
  let gesture: string | undefined;

  const get = () => store.getState();
  const history = () => store.temporal.getState();

  /** What of the view is there in the document: after an undo a body or a selected node may be gone. */
  const view = (next: FlowDocument, container: Container, selection: Selection) => {
    let open = container;
    while (!graphAt(next, open)) open = open.slice(0, -1);
    const graph = graphAt(next, open) as FlowGraph;
    if (open !== container) return { container: open, selection: NOTHING };
    const ids = new Set(graph.nodes.map((node) => node.id));
    const keys = selection.edges.length > 0 ? new Set(edgeKeys(graph.edges ?? [])) : undefined;
    const notes = selection.notes.length > 0 ? new Set(notesOf(next).map((note) => note.id)) : undefined;
    const kept: Selection = {
      nodes: selection.nodes.filter((id) => ids.has(id)),
      edges: selection.edges.filter((key) => keys?.has(key)),
      notes: selection.notes.filter((id) => notes?.has(id)),
    };
    const same =
      kept.nodes.length === selection.nodes.length &&
      kept.edges.length === selection.edges.length &&
      kept.notes.length === selection.notes.length;
    return { container, selection: same ? selection : kept };
  };

  const put = (next: FlowDocument, selection = get().selection) =>
    store.setState({ document: next, ...view(next, get().container, selection) });

  const editor = {
    store,
    get,
    graph: () => graphAt(get().document, get().container) as FlowGraph,

    /** One change of the document. `key` names its gesture; `select`: what is selected behind it. */
    edit(change: (document: FlowDocument) => FlowDocument, key?: string, select?: Partial<Selection>): void {
      const before = get().document;
      const next = change(before);
      const selection = select ? { ...NOTHING, ...select } : get().selection;
      if (next === before) {
        if (select) editor.select(select);
        return;
      }
      const joins = key !== undefined && key === gesture;
      if (joins) history().pause();
      put(next, selection);
      if (joins) history().resume();
      gesture = key;
    },
    /** What comes now is an entry of its own. */
    endGesture(): void {
      gesture = undefined;
    },
    undo(): void {
      gesture = undefined;
      history().undo();
      store.setState(view(get().document, get().container, get().selection));
    },
    redo(): void {
      gesture = undefined;
      history().redo();
      store.setState(view(get().document, get().container, get().selection));
    },
    canUndo: () => history().pastStates.length > 0,
    canRedo: () => history().futureStates.length > 0,

    /** Another document in place of this one: the history begins anew. */
    load(next: FlowDocument): void {
      gesture = undefined;
      history().pause();
      put(next);
      history().resume();
      history().clear();
    },
    select(selection: Partial<Selection>): void {
      const now = get().selection;
      const next = { ...NOTHING, ...selection };
      if (equal(now.nodes, next.nodes) && equal(now.edges, next.edges) && equal(now.notes, next.notes)) return;
      gesture = undefined;
      store.setState({ selection: next });
    },
    /** Opens the body of a container, or goes back out. */
    open(container: Container): void {
      if (!graphAt(get().document, container)) return;
      gesture = undefined;
      store.setState({ container, selection: NOTHING });
    },
    /** Selects a node wherever it stands, and opens its graph. False: there is no such node. */
    show(id: string): boolean {
      const place = nodesOf(get().document).get(id);
      if (!place) return false;
      const { container } = get();
      if (!equal(container, place.container)) store.setState({ container: place.container });
      editor.select({ nodes: [id] });
      return true;
    },
    setPlaces(places: ReadonlyMap<string, Point>): void {
      store.setState({ places: new Map([...get().places, ...places]) });
    },
  };
  return editor;
}

export function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}
