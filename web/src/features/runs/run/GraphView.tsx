// The version that ran as a graph, with the run's state on it. A container is one stacked node; its items are chosen above.

import '@xyflow/react/dist/style.css';
import { Button, NumberInput } from '@mantine/core';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  useStore,
} from '@xyflow/react';
import { ChevronRight } from 'lucide-react';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { layoutGraph, type Places } from '@/components/data/layout';
import { Link } from '@/components/Link';
import { Empty, Failed, Loading } from '@/components/States';
import { StatusMark, stateColour } from '@/components/StatusMark';
import { formatCount, formatDuration, formatMoney, formatWord } from '@/lib/format';
import { useScheme } from '@/lib/preferences';
import classes from './GraphView.module.css';
import { kept, type OverlayNode, overlayOf } from './overlay';
import type { Model } from './useModel';

const width = 200;
const height = 58;

interface GraphViewProps {
  model: Model;
  /** The item whose body is shown: "each[17]"; empty: the flow itself. */
  inside: string;
  onInside: (inside: string) => void;
  selected: string;
  onSelect: (path: string) => void;
}

type Data = OverlayNode & { chosen: boolean; [key: string]: unknown };

const fitting = { maxZoom: 1, padding: 0.1 };
const nodeKey = (node: Node<Data>) => JSON.stringify([node.position, node.data]);
const edgeKey = (edge: Edge) => JSON.stringify([edge.source, edge.target, edge.label, edge.style]);

export default function GraphView({ model, inside, onInside, selected, onSelect }: GraphViewProps) {
  const { document, tree, version, now, range, run } = model;
  const overlay = useMemo(
    () => (document ? overlayOf(document, tree, inside, now || range.to) : undefined),
    [document, tree, inside, now, range.to],
  );
  const shape = overlay && JSON.stringify([overlay.nodes.map((node) => node.id), overlay.edges.map((edge) => edge.id)]);
  const [places, setPlaces] = useState<{ shape: string; places: Places }>();
  const [failed, setFailed] = useState<unknown>();
  const placed = overlay?.nodes.every((node) => node.position) ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the layout depends on which nodes and edges there are
  useEffect(() => {
    if (!overlay || !shape || placed) return;
    const stop = new AbortController();
    const input = {
      nodes: overlay.nodes.map((node) => ({ id: node.id, width, height })),
      edges: overlay.edges.map((edge) => ({ from: edge.source, to: edge.target })),
    };
    layoutGraph(input, stop.signal).then(
      (found) => setPlaces({ shape, places: found }),
      (error: unknown) => !stop.signal.aborted && setFailed(error),
    );
    return () => stop.abort();
  }, [shape, placed]);

  const ready = overlay && (placed || places?.shape === shape);
  const drawn = useRef<{ nodes: Node<Data>[]; edges: Edge[] }>({ nodes: [], edges: [] });
  const nodes = useMemo(() => {
    const all = ready
      ? overlay.nodes.map(
          (node): Node<Data> => ({
            id: node.id,
            type: 'step',
            position: node.position && placed ? node.position : (places?.places.get(node.id) ?? { x: 0, y: 0 }),
            width,
            height,
            data: { ...node, chosen: node.path !== '' && node.path === selected },
            ariaLabel: `${node.title}, ${formatWord(node.status || 'not there')}`,
          }),
        )
      : [];
    drawn.current.nodes = kept(drawn.current.nodes, all, nodeKey);
    return drawn.current.nodes;
  }, [ready, overlay, placed, places, selected]);
  const edges = useMemo(() => {
    const all = (ready ? overlay.edges : []).map((edge): Edge => {
      const stroke = edge.taken ? 'var(--ink)' : 'var(--control-line)';
      return {
        id: edge.id,
        source: edge.source,
        target: edge.target,
        label: edge.label.length > 32 ? `${edge.label.slice(0, 31)}…` : edge.label || undefined,
        style: { stroke, strokeWidth: 1.5, strokeDasharray: edge.kind === 'success' ? undefined : '5 4' },
        markerEnd: { type: MarkerType.ArrowClosed, color: stroke, width: 16, height: 16 },
        focusable: false,
      };
    });
    drawn.current.edges = kept(drawn.current.edges, all, edgeKey);
    return drawn.current.edges;
  }, [ready, overlay]);
  const scheme = useScheme();
  // What is called is the newest, by functions that stay: with new ones every node would be drawn anew at each change of the run.
  const acts = useRef({ tree, onSelect, onInside });
  useLayoutEffect(() => {
    acts.current = { tree, onSelect, onInside };
  });
  const choose = useCallback(
    (_: unknown, node: Node<Data>) => node.data.path && acts.current.onSelect(node.data.path as string),
    [],
  );
  const enter = useCallback((_: unknown, node: Node<Data>) => {
    const first = acts.current.tree.nodes.get(node.data.path as string)?.children[0];
    if (first) acts.current.onInside(first.key);
  }, []);

  if (version.isError) {
    return <Failed error={version.error} what="The version that ran" onRetry={() => void version.refetch()} />;
  }
  if (failed !== undefined) return <Failed error={failed} what="The graph" onRetry={() => setFailed(undefined)} />;
  if (!ready) return <Loading height={420} />;
  if (overlay.nodes.length === 0) {
    return (
      <Empty action={<Button onClick={() => onInside('')}>Show the whole flow</Button>}>
        The version that ran has nothing at {inside}.
      </Empty>
    );
  }
  const flow = run.data!.flow;
  return (
    <div className={classes.graph}>
      <div className={classes.bar}>
        <Way inside={inside} flow={flow.name ?? ''} onInside={onInside} tree={tree} />
        <InsideSelected model={model} selected={selected} onInside={onInside} />
        <Link
          to="/flows/$id"
          params={{ id: flow.id ?? '' }}
          search={(flow.version ?? 0) > 0 ? { rev: String(flow.version) } : {}}
          className={classes.right}
        >
          {(flow.version ?? 0) < 0 ? 'The draft as it ran' : `Version ${flow.version}, which ran`}
        </Link>
      </div>
      <div className={classes.canvas} data-graph={overlay.nodes.length}>
        <ReactFlow
          key={inside}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          colorMode={scheme}
          fitView
          fitViewOptions={fitting}
          minZoom={0.05}
          maxZoom={2}
          onlyRenderVisibleElements
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          zoomOnDoubleClick={false}
          disableKeyboardA11y={false}
          onNodeClick={choose}
          onNodeDoubleClick={enter}
        >
          <Background gap={24} color="var(--line)" />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
    </div>
  );
}

/** Where one is: the flow, then each item on the way, with its number to choose. */
function Way({
  inside,
  flow,
  onInside,
  tree,
}: Pick<GraphViewProps, 'inside' | 'onInside'> & { flow: string; tree: Model['tree'] }) {
  const parts = inside === '' ? [] : inside.split('/');
  return (
    <nav className={classes.way} aria-label="Where in the flow">
      {parts.length > 0 ? (
        <Button size="xs" variant="subtle" onClick={() => onInside('')}>
          {flow}
        </Button>
      ) : (
        <strong>{flow}</strong>
      )}
      {parts.map((part, index) => {
        const key = parts.slice(0, index + 1).join('/');
        const container = key.slice(0, key.lastIndexOf('['));
        const number = Number(key.slice(key.lastIndexOf('[') + 1, -1));
        const count = tree.nodes.get(container)?.children.length ?? 0;
        return (
          <span key={key} className={classes.part}>
            <ChevronRight size={14} aria-hidden />
            {index === parts.length - 1 ? (
              <strong>{part.replace(/\[\d+\]$/, '')}</strong>
            ) : (
              <Button size="xs" variant="subtle" onClick={() => onInside(key)}>
                {part}
              </Button>
            )}
            {index === parts.length - 1 && (
              <NumberInput
                aria-label="Number of the item"
                w={84}
                min={0}
                max={Math.max(0, count - 1)}
                allowDecimal={false}
                value={number}
                onChange={(next) =>
                  typeof next === 'number' &&
                  tree.nodes.has(`${container}[${next}]`) &&
                  onInside(`${container}[${next}]`)
                }
              />
            )}
          </span>
        );
      })}
    </nav>
  );
}

/** The way into the container that is selected; a button outside of the node, where the keyboard and readers find it. */
function InsideSelected({ model, selected, onInside }: Pick<GraphViewProps, 'model' | 'selected' | 'onInside'>) {
  const node = model.tree.nodes.get(selected);
  const first = node?.kind === 'step' ? node.children[0] : undefined;
  if (!first) return null;
  return (
    <Button size="xs" onClick={() => onInside(first.key)}>
      Look inside {model.names.get(node!.name) ?? node!.name}
    </Button>
  );
}

const far = (state: { transform: [number, number, number] }) => state.transform[2] < 0.45;

const StepNode = memo(function StepNode({ data }: NodeProps<Node<Data>>) {
  const small = useStore(far);
  const colour = `var(--state-${stateColour(data.status || 'queued')})`;
  return (
    <div
      className={classes.node}
      data-chosen={data.chosen || undefined}
      data-stack={data.group !== undefined || undefined}
      data-quiet={data.status === '' || data.status === 'skipped' || data.status === 'pending' || undefined}
      data-far={small || undefined}
      data-node={data.id}
      data-status={data.status}
      style={{ '--edge': colour } as React.CSSProperties}
      title={`${data.title}\n${data.type}, ${formatWord(data.status || 'not there')}`}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} className={classes.handle} />
      {!small && (
        <>
          <div className={classes.title}>
            <StatusMark status={data.status || 'pending'} bare />
            <span className="ellipsis">{data.title}</span>
            {data.items && (
              <span className={classes.items}>
                {data.items.done}/{data.items.all}
              </span>
            )}
          </div>
          <div className={classes.line}>{lineOf(data)}</div>
        </>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} className={classes.handle} />
    </div>
  );
});
const nodeTypes = { step: StepNode };

/** "simulated-small · 1.2 s · $0.003". */
function lineOf(data: OverlayNode): string {
  if (data.status === 'skipped') return 'skipped';
  const tokens = (data.usage?.input_tokens ?? 0) + (data.usage?.output_tokens ?? 0);
  return [
    data.usage?.model ?? data.type,
    data.reused ? 'reused' : data.took !== undefined && formatDuration(data.took),
    data.attempts > 1 && `${data.attempts} attempts`,
    tokens > 0 && `${formatCount(tokens)} tokens`,
    data.usage?.cost_usd && Number(data.usage.cost_usd) > 0 && formatMoney(data.usage.cost_usd),
  ]
    .filter(Boolean)
    .join(' · ');
}
