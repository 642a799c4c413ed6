// The document's open graph as React Flow's nodes and edges. What did not change stays the same object, so that only that is drawn anew.
import { MarkerType, Position } from '@xyflow/react';
import type { FlowDocument, NodeTypeInfo } from '@/components/data/flow';
import { type FlowGraph, type Port, toCanvas } from '@/components/data/graph';
import type { LineEdge } from './FlowEdgeLine';
import type { CardNode } from './FlowNodeCard';
import { NODE_WIDTH, nodeHeight, portY } from './geometry';
import { detailOf } from './look';
import type { Problem } from './mistakes';
import type { NoteNode } from './NoteCard';
import type { Point, Selection } from './store';
import { notesOf } from './ui';

export type AnyNode = CardNode | NoteNode;

export interface CanvasInput {
  document: FlowDocument;
  graph: FlowGraph;
  /** Id of the open container; empty: the flow. */
  container: string;
  types: ReadonlyMap<string, NodeTypeInfo>;
  places: ReadonlyMap<string, Point>;
  /** Where nodes are while they are dragged. */
  moving: ReadonlyMap<string, Point>;
  resizing: ReadonlyMap<string, { width: number; height: number }>;
  selection: Selection;
  marks: ReadonlyMap<string, Problem['severity']>;
  edgeMarks: ReadonlyMap<string, Problem['severity']>;
  pinned: ReadonlySet<string>;
  readOnly: boolean;
}

const HANDLE = 10;

function handlesOf(ports: readonly Port[], height: number): CardNode['handles'] {
  const box = { width: HANDLE, height: HANDLE };
  return [
    { type: 'target', position: Position.Left, x: -HANDLE / 2, y: height / 2 - HANDLE / 2, ...box },
    ...ports.map((port, index) => ({
      id: port.name || 'out',
      type: 'source' as const,
      position: Position.Right,
      x: NODE_WIDTH - HANDLE / 2,
      y: portY(index, ports.length) - HANDLE / 2,
      ...box,
    })),
    {
      id: 'error!',
      type: 'source',
      position: Position.Bottom,
      x: NODE_WIDTH / 2 - HANDLE / 2,
      y: height - HANDLE / 2,
      ...box,
    },
  ];
}

type Lists = { nodes: AnyNode[]; edges: LineEdge[] };

/** Makes the lists, each time as little new as can be: a frame of a drag makes only what is dragged anew. */
export function canvasModel() {
  const make = standing();
  let last: { input: CanvasInput; lists: Lists } | undefined;
  return (input: CanvasInput): Lists => {
    if (!last || !standsAsBefore(last.input, input)) last = { input, lists: make(input) };
    const { nodes, edges } = last.lists;
    const { moving, resizing } = input;
    if (moving.size + resizing.size === 0) return last.lists;
    return {
      nodes: nodes.map((node): AnyNode => {
        const at = moving.get(node.id);
        const size = resizing.get(node.id);
        if (!at && !size) return node;
        return { ...node, position: at ?? node.position, ...(size && { ...size, measured: size }) };
      }),
      edges,
    };
  };
}

/** Whether all but what is dragged is what it was. */
function standsAsBefore(before: CanvasInput, now: CanvasInput): boolean {
  return (Object.keys(now) as (keyof CanvasInput)[]).every(
    (name) => name === 'moving' || name === 'resizing' || Object.is(before[name], now[name]),
  );
}

/** The lists without what is dragged just now. */
function standing() {
  let nodes = new Map<string, { key: readonly unknown[]; made: AnyNode }>();
  let edges = new Map<string, { key: readonly unknown[]; made: LineEdge }>();
  const same = (a: readonly unknown[], b: readonly unknown[]) => a.every((one, index) => Object.is(one, b[index]));

  return (input: CanvasInput): Lists => {
    const canvas = toCanvas(input.graph, input.types);
    const nextNodes: typeof nodes = new Map();
    const chosen = new Set(input.selection.nodes);
    const chosenNotes = new Set(input.selection.notes);
    for (const note of notesOf(input.document)) {
      if (note.in !== input.container) continue;
      const id = `note:${note.id}`;
      const at = { x: note.x, y: note.y };
      const size = { width: note.width, height: note.height };
      const selected = chosenNotes.has(note.id);
      const key = [note.text, note.kind, at.x, at.y, size.width, size.height, selected, input.readOnly];
      const old = nodes.get(id);
      const made: AnyNode =
        old && same(key, old.key)
          ? old.made
          : {
              id,
              type: 'note',
              position: at,
              ...size,
              measured: size,
              selected,
              zIndex: note.kind === 'group' ? -1 : 0,
              connectable: false,
              draggable: !input.readOnly,
              data: { note, readOnly: input.readOnly },
              ariaLabel: `${note.kind} ${note.text}`,
            };
      nextNodes.set(id, { key, made });
    }
    for (const one of canvas.nodes) {
      const at = one.position ?? input.places.get(one.id);
      if (!at) continue;
      const selected = chosen.has(one.id);
      const mark = input.marks.get(one.id);
      const pinned = input.container === '' && input.pinned.has(one.id);
      const key = [one.node, at.x, at.y, selected, mark, pinned, input.types, input.readOnly];
      const old = nodes.get(one.id);
      if (old && same(key, old.key)) {
        nextNodes.set(one.id, old);
        continue;
      }
      const type = input.types.get(one.type);
      const height = nodeHeight(one.ports.length);
      const size = { width: NODE_WIDTH, height };
      const title = type?.title ?? one.type;
      const made: CardNode = {
        id: one.id,
        type: 'card',
        position: at,
        ...size,
        measured: size,
        handles: handlesOf(one.ports, height),
        selected,
        draggable: !input.readOnly,
        connectable: !input.readOnly,
        ariaLabel: `${one.title}, ${title}`,
        data: {
          title: one.title,
          type: one.type,
          category: type?.category ?? '',
          detail: detailOf(one.node, title),
          ports: one.ports,
          inner: one.inner,
          mark,
          pinned,
        },
      };
      nextNodes.set(one.id, { key, made });
    }
    nodes = nextNodes;

    const nextEdges: typeof edges = new Map();
    const chosenEdges = new Set(input.selection.edges);
    for (const one of canvas.edges) {
      const selected = chosenEdges.has(one.id);
      const mark = input.edgeMarks.get(one.id);
      const key = [one.edge, selected, mark];
      const old = edges.get(one.id);
      if (old && same(key, old.key)) {
        nextEdges.set(one.id, old);
        continue;
      }
      const failing = one.kind !== 'success';
      const made: LineEdge = {
        id: one.id,
        type: 'line',
        source: one.source,
        target: one.target,
        sourceHandle: failing ? 'error!' : one.sourcePort || outOf(nodes.get(one.source)?.made),
        selected,
        markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
        ariaLabel: `Edge ${one.id}`,
        data: {
          kind: one.kind,
          label: [failing ? one.kind : '', one.edge.condition].filter(Boolean).join(': '),
          mark,
        },
      };
      nextEdges.set(one.id, { key, made });
    }
    edges = nextEdges;
    return {
      nodes: [...nextNodes.values()].map((one) => one.made),
      edges: [...nextEdges.values()].map((one) => one.made),
    };
  };
}

// An edge of a switch that names no port begins at the first one.
function outOf(node: AnyNode | undefined): string {
  if (node?.type !== 'card') return 'out';
  return (node as CardNode).data.ports[0]?.name || 'out';
}
