// The canvas: one graph, drawn by React Flow. Where nodes are while they are dragged is kept here; the end of the gesture is one edit.
import '@xyflow/react/dist/base.css';
import {
  Background,
  type Connection,
  type EdgeChange,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
} from '@xyflow/react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { edgeRefusal, graphAt } from '@/components/data/graph';
import { layoutGraph } from '@/components/data/layout';
import { stateColour } from '@/components/StatusMark';
import { connect, move } from './actions';
import classes from './Canvas.module.css';
import { type AnyNode, canvasModel } from './canvas_model';
import { useEditorState, useParts, useProblems } from './context';
import { FlowEdgeLine, type LineEdge } from './FlowEdgeLine';
import { FlowNodeCard } from './FlowNodeCard';
import { boxOf, NODE_WIDTH } from './geometry';
import { edgeOf, type From } from './joining';
import { edgeMarks, marksOf } from './mistakes';
import { NoteCard } from './NoteCard';
import type { Point } from './store';
import { changeNote, holds } from './ui';

const nodeTypes = { card: FlowNodeCard, note: NoteCard };
const edgeTypes = { line: FlowEdgeLine };
const noMoves: ReadonlyMap<string, Point> = new Map();
const noSizes: ReadonlyMap<string, { width: number; height: number }> = new Map();
const READABLE = 0.8;
// The same lists each time: with new ones every node would be drawn anew in every frame of a drag.
const panButtons = [1, 2];
const severalKeys = ['Shift', 'Meta', 'Control'];
export const DRAG_KIND = 'application/x-sluice-node-type';

/** What others do with the canvas: move the view, ask where things are. */
export interface CanvasHandle {
  fit(): void;
  zoomTo(zoom: number): void;
  zoomBy(factor: number): void;
  show(id: string): void;
  /** The middle of what is seen. */
  centre(): Point;
  focus(): void;
}

export interface CanvasProps {
  handle: React.RefObject<CanvasHandle | null>;
  onKeyDown?: (event: React.KeyboardEvent) => void;
  /** A kind was dropped, or an edge ended on empty ground: what comes there. */
  onDropKind?: (kind: string, at: Point) => void;
  onWantNode?: (from: From, at: Point) => void;
  onOpenNode?: (id: string) => void;
  children?: React.ReactNode;
}

export function Canvas(props: CanvasProps) {
  const container = useEditorState((state) => state.container);
  return (
    <ReactFlowProvider key={container.join('/')}>
      <OneGraph {...props} />
    </ReactFlowProvider>
  );
}

/** Where the nodes stand that the document places nowhere; false until it is known. */
function usePlaces(): boolean {
  const { editor, types } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const places = useEditorState((state) => state.places);
  const graph = graphAt(document, container)!;
  const open = useMemo(() => graph.nodes.filter((node) => !node.position && !places.has(node.id)), [graph, places]);
  const missing = open.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each graph that lacks places
  useEffect(() => {
    if (!missing) return;
    const stop = new AbortController();
    const nodes = graph.nodes.map((node) => boxOf(node, types));
    layoutGraph({ nodes, edges: graph.edges ?? [] }, stop.signal).then(
      (found) => {
        const placed = graph.nodes.filter((node) => node.position);
        // Beside nodes that have a place the others go below them.
        const below = placed.length > 0 ? Math.max(...placed.map((node) => node.position!.y)) + 120 : 0;
        editor.setPlaces(
          new Map(open.map((node) => [node.id, { x: found.get(node.id)!.x, y: found.get(node.id)!.y + below }])),
        );
      },
      () => {
        if (stop.signal.aborted) return;
        editor.setPlaces(
          new Map(open.map((node, index) => [node.id, { x: (index % 5) * 260, y: Math.floor(index / 5) * 110 }])),
        );
      },
    );
    return () => stop.abort();
  }, [missing, graph]);
  return !missing || graph.nodes.length > open.length;
}

function OneGraph({ handle, onKeyDown, onDropKind, onWantNode, onOpenNode, children }: CanvasProps) {
  const { editor, types, readOnly, pinned, live } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const selection = useEditorState((state) => state.selection);
  const places = useEditorState((state) => state.places);
  const { problems } = useProblems();
  const ready = usePlaces();
  const frame = useRef<HTMLDivElement>(null);
  const flow = useReactFlow<AnyNode, LineEdge>();
  const [moving, drawMoving] = useState(noMoves);
  const moved = useRef(noMoves);
  const setMoving = useCallback((change: (before: typeof noMoves) => typeof noMoves) => {
    moved.current = change(moved.current);
    drawMoving(moved.current);
  }, []);
  const [resizing, setResizing] = useState(noSizes);
  const [refusal, setRefusal] = useState('');
  const [model] = useState(canvasModel);
  const graph = graphAt(document, container)!;
  const marks = useMemo(() => marksOf(problems, container), [problems, container]);
  const lineMarks = useMemo(() => edgeMarks(problems, container), [problems, container]);
  const drawn = useMemo(
    () =>
      model({
        document,
        graph,
        container: container.at(-1) ?? '',
        types,
        places,
        moving,
        resizing,
        selection,
        marks,
        edgeMarks: lineMarks,
        pinned,
        readOnly: readOnly !== '',
      }),
    [model, document, graph, container, types, places, moving, resizing, selection, marks, lineMarks, pinned, readOnly],
  );

  useEffect(() => {
    handle.current = {
      fit: () => void flow.fitView({ padding: 0.15, maxZoom: 1, duration: 0 }),
      zoomTo: (zoom) => void flow.zoomTo(zoom),
      zoomBy: (factor) => void flow.zoomTo(flow.getZoom() * factor),
      show: (id) => {
        const node = flow.getNode(id);
        if (!node) return;
        const zoom = Math.max(READABLE, flow.getZoom());
        // On narrow screens the details lie over the canvas: the middle is that of what they leave.
        const box = frame.current?.getBoundingClientRect();
        const over = globalThis.document.querySelector('[aria-label=Inspector]')?.getBoundingClientRect();
        const covered = box && over && over.left > box.left ? Math.max(0, box.right - over.left) : 0;
        const x = node.position.x + NODE_WIDTH / 2 + covered / 2 / zoom;
        void flow.setCenter(x, node.position.y + 29, { zoom, duration: 0 });
      },
      centre: () => {
        const box = frame.current?.getBoundingClientRect();
        if (!box) return { x: 0, y: 0 };
        return flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
      },
      focus: () => frame.current?.focus({ preventScroll: true }),
    };
  }, [flow, handle]);

  // A graph that would be too small to read is shown from its beginning.
  const begin = () => {
    const nodes = flow.getNodes().filter((node) => node.type === 'card');
    const box = frame.current?.getBoundingClientRect();
    if (nodes.length === 0 || !box) return;
    const left = nodes.reduce((a, b) => (b.position.x < a.position.x ? b : a));
    const zoom = Math.max(READABLE, flow.getZoom());
    void flow.setViewport({ zoom, x: 40 - left.position.x * zoom, y: box.height / 2 - (left.position.y + 29) * zoom });
  };
  const [placed, setPlaced] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the places are known
  useEffect(() => {
    if (!ready || placed) return;
    const [only] = editor.get().selection.nodes;
    requestAnimationFrame(async () => {
      await flow.fitView({ padding: 0.15, maxZoom: 1 });
      if (only && flow.getZoom() < READABLE) handle.current?.show(only);
      else if (flow.getZoom() < READABLE) begin();
      setPlaced(true);
      // Who has just come here has the keys of the canvas at hand, and need not pass all of the palette first.
      const at = globalThis.document.activeElement;
      if (at === null || at === globalThis.document.body || at.id === 'main') handle.current?.focus();
    });
  }, [ready]);
  useEffect(() => {
    if (!refusal) return;
    const timer = setTimeout(() => setRefusal(''), 6000);
    return () => clearTimeout(timer);
  }, [refusal]);

  const onNodesChange = useCallback(
    (changes: NodeChange<AnyNode>[]) => {
      let dragged: Map<string, Point> | undefined;
      let sized: Map<string, { width: number; height: number }> | undefined;
      let sizeEnded: { id: string; width: number; height: number } | undefined;
      const chosen = new Set(editor.get().selection.nodes);
      const notes = new Set(editor.get().selection.notes);
      let selects = false;
      for (const change of changes) {
        if (change.type === 'position' && change.position && change.dragging !== false) {
          dragged ??= new Map();
          dragged.set(change.id, change.position);
        } else if (change.type === 'select') {
          selects = true;
          const [set, id] = change.id.startsWith('note:') ? [notes, change.id.slice(5)] : [chosen, change.id];
          if (change.selected) set.add(id);
          else set.delete(id);
        } else if (change.type === 'dimensions' && change.dimensions && change.id.startsWith('note:')) {
          if (change.resizing === true) {
            sized ??= new Map();
            sized.set(change.id, change.dimensions);
          } else if (change.resizing === false) sizeEnded = { id: change.id, ...change.dimensions };
        }
      }
      if (dragged) setMoving((before) => new Map([...before, ...dragged]));
      if (sized) setResizing((before) => new Map([...before, ...sized]));
      if (sizeEnded) {
        const { id, width, height } = sizeEnded;
        const at = flow.getNode(id)?.position;
        editor.edit((before) => changeNote(before, id.slice(5), { width, height, ...at }));
        setResizing(noSizes);
        setMoving(() => noMoves);
      }
      if (selects) editor.select({ nodes: [...chosen], notes: [...notes], edges: editor.get().selection.edges });
    },
    [editor, flow, setMoving],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange<LineEdge>[]) => {
      const chosen = new Set(editor.get().selection.edges);
      let selects = false;
      for (const change of changes) {
        if (change.type !== 'select') continue;
        selects = true;
        if (change.selected) chosen.add(change.id);
        else chosen.delete(change.id);
      }
      if (selects) editor.select({ ...editor.get().selection, edges: [...chosen] });
    },
    [editor],
  );

  // A group takes what stands in it along.
  const carried = useRef<{ group: string; start: Point; nodes: Map<string, Point> } | undefined>(undefined);
  const onDragStart = useCallback(
    (_: unknown, node: AnyNode) => {
      carried.current = undefined;
      if (node.type !== 'note' || node.data.note.kind !== 'group') return;
      const { note } = node.data;
      const inside = flow.getNodes().filter((one) => {
        if (one.id === node.id || one.selected) return false;
        return holds(note, { ...one.position, width: one.width ?? 0, height: one.height ?? 0 });
      });
      carried.current = {
        group: node.id,
        start: node.position,
        nodes: new Map(inside.map((one) => [one.id, one.position])),
      };
    },
    [flow],
  );
  const onDrag = useCallback(
    (_: unknown, node: AnyNode) => {
      const group = carried.current;
      if (!group || group.group !== node.id) return;
      const by = { x: node.position.x - group.start.x, y: node.position.y - group.start.y };
      setMoving((before) => {
        const next = new Map(before);
        for (const [id, at] of group.nodes) next.set(id, { x: at.x + by.x, y: at.y + by.y });
        return next;
      });
    },
    [setMoving],
  );
  const onDragStop = useCallback(() => {
    carried.current = undefined;
    const ended = [...moved.current];
    const nodes = new Map(ended.filter(([id]) => !id.startsWith('note:')));
    const notes = new Map(ended.filter(([id]) => id.startsWith('note:')).map(([id, at]) => [id.slice(5), at] as const));
    if (ended.length > 0) move(editor, nodes, notes);
    setMoving(() => noMoves);
  }, [editor, setMoving]);

  const fromOf = useCallback((node: string, port: string | null | undefined): From => {
    if (port === 'error!') return { node, on: 'error' };
    return port && port !== 'out' ? { node, port } : { node };
  }, []);
  const onConnect = useCallback(
    (made: Connection) => setRefusal(connect(editor, fromOf(made.source, made.sourceHandle), made.target, types) ?? ''),
    [editor, types, fromOf],
  );
  const isValid = useCallback(
    (made: Connection | LineEdge) => {
      const edge = edgeOf(fromOf(made.source, made.sourceHandle), made.target);
      return edgeRefusal(editor.graph(), edge, types) === undefined;
    },
    [editor, types, fromOf],
  );
  // What is called is the newest, by a function that stays.
  const wants = useRef({ onWantNode, onOpenNode });
  useLayoutEffect(() => {
    wants.current = { onWantNode, onOpenNode };
  });
  const onConnectEnd = useCallback<OnConnectEnd>(
    (event, state) => {
      const { onWantNode: want } = wants.current;
      if (state.toNode || !state.fromNode || state.fromHandle?.type !== 'source' || !want) return;
      const point = 'changedTouches' in event ? event.changedTouches[0]! : event;
      const at = flow.screenToFlowPosition({ x: point.clientX, y: point.clientY });
      want(fromOf(state.fromNode.id, state.fromHandle.id), { x: at.x, y: at.y - 29 });
    },
    [flow, fromOf],
  );
  const onOpen = useCallback((_: unknown, node: AnyNode) => wants.current.onOpenNode?.(node.id), []);
  const minimapColour = useCallback(
    (node: AnyNode) => {
      if (node.type === 'note') return 'transparent';
      const status = live.store.getState().statuses.get(node.id)?.status;
      return status ? `var(--state-${stateColour(status)})` : 'var(--control-line)';
    },
    [live],
  );
  const count = graph.nodes.length;
  const said =
    selection.nodes.length === 1
      ? `${selection.nodes[0]} selected`
      : selection.nodes.length > 1
        ? `${selection.nodes.length} nodes selected`
        : '';

  return (
    <div
      ref={frame}
      className={classes.frame}
      role="application"
      aria-label={`Canvas, ${count} nodes. Alt and arrows walk, Tab adds, Enter edits, Escape lets go.`}
      tabIndex={0}
      data-canvas=""
      onKeyDown={onKeyDown}
      onPointerDown={() => frame.current?.focus({ preventScroll: true })}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAG_KIND)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={(event) => {
        const kind = event.dataTransfer.getData(DRAG_KIND);
        if (!kind) return;
        event.preventDefault();
        const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        onDropKind?.(kind, { x: at.x - NODE_WIDTH / 2, y: at.y - 29 });
      }}
    >
      <div className={classes.said} role="status">
        {said}
      </div>
      {ready && (
        <ReactFlow
          nodes={drawn.nodes}
          edges={drawn.edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onNodeDragStart={onDragStart}
          onNodeDrag={onDrag}
          onNodeDragStop={onDragStop}
          onSelectionDragStop={onDragStop}
          onConnect={onConnect}
          isValidConnection={isValid}
          onConnectEnd={onConnectEnd}
          onNodeDoubleClick={onOpen}
          onlyRenderVisibleElements
          nodesFocusable={false}
          edgesFocusable={false}
          disableKeyboardA11y
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={severalKeys}
          panActivationKeyCode="Space"
          selectionOnDrag
          selectionMode={SelectionMode.Partial}
          panOnDrag={panButtons}
          panOnScroll
          zoomOnDoubleClick={false}
          connectionRadius={28}
          elevateNodesOnSelect={false}
          minZoom={0.05}
          maxZoom={2}
          nodesConnectable={readOnly === ''}
        >
          <Background gap={24} size={1.5} />
          <MiniMap<AnyNode> pannable zoomable nodeColor={minimapColour} ariaLabel="Overview of the graph" />
        </ReactFlow>
      )}
      {ready && count === 0 && (
        <div className={classes.hint}>Nothing here yet: drag a node from the palette, or press Tab.</div>
      )}
      {refusal && (
        <div className={classes.refusal} role="alert">
          {refusal}
        </div>
      )}
      {children}
    </div>
  );
}
