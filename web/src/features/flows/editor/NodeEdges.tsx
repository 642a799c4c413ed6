// The edges of a node as a list: what comes before and behind it, and a new edge without the mouse.
import { ActionIcon, Button, Select } from '@mantine/core';
import { ArrowRight, X } from 'lucide-react';
import { useState } from 'react';
import { changeEdge, edgeKeys, edgeRefusal, type FlowNode, graphAt, portsOf } from '@/components/data/graph';
import { connect } from './actions';
import { useEditorState, useParts } from './context';
import classes from './Editor.module.css';
import { edgeOf, type From } from './joining';

export function NodeEdges({ node }: { node: FlowNode }) {
  const { editor, readOnly } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const graph = graphAt(document, container)!;
  const keys = edgeKeys(graph.edges ?? []);
  const own = (graph.edges ?? []).map((edge, index) => ({ edge, key: keys[index]! }));
  const mine = own.filter(({ edge }) => edge.from === node.id || edge.to === node.id);
  const [adding, setAdding] = useState(false);
  return (
    <section className={classes.section} aria-label="Edges">
      <h3 className={classes.sectionTitle}>Edges</h3>
      {mine.length === 0 && <p className="meta">None: it runs at the start, and nothing waits for it.</p>}
      <ul className={classes.edges}>
        {mine.map(({ edge, key }) => (
          <li key={key} className={classes.edgeRow}>
            <button type="button" className={classes.link} onClick={() => editor.select({ edges: [key] })}>
              {edge.from} <ArrowRight size={12} aria-label="to" role="img" /> {edge.to}
            </button>
            <span className="meta ellipsis">
              {[edge.on !== 'success' && edge.on, edge.from_port, edge.condition].filter(Boolean).join(', ')}
            </span>
            {!readOnly && (
              <ActionIcon
                size="sm"
                aria-label={`Remove edge ${key}`}
                onClick={() => editor.edit((before) => changeEdge(before, container, key, () => undefined))}
              >
                <X size={14} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {!readOnly &&
        (adding ? (
          <AddEdge node={node} onDone={() => setAdding(false)} />
        ) : (
          <Button size="xs" onClick={() => setAdding(true)}>
            Add edge
          </Button>
        ))}
    </section>
  );
}

function AddEdge({ node, onDone }: { node: FlowNode; onDone: () => void }) {
  const { editor, types } = useParts();
  const ports = portsOf(node, types.get(node.type));
  const ways = [
    ...ports.map((port) => ({
      value: `port ${port.name}`,
      label: port.name ? `from port ${port.name}` : 'on success',
    })),
    { value: 'error', label: 'on error' },
    { value: 'rollback', label: 'on rollback' },
  ];
  const [way, setWay] = useState(ways[0]!.value);
  const [refusal, setRefusal] = useState<string>();
  const graph = editor.graph();
  const from: From =
    way === 'error' || way === 'rollback'
      ? { node: node.id, on: way }
      : { node: node.id, port: way.slice(5) || undefined };
  const targets = graph.nodes
    .filter((one) => one.id !== node.id)
    .map((one) => {
      return {
        value: one.id,
        label: one.name ? `${one.name} (${one.id})` : one.id,
        disabled: edgeRefusal(graph, edgeOf(from, one.id), types) !== undefined,
      };
    });
  return (
    <div className={classes.two}>
      <Select label="When" data={ways} value={way} allowDeselect={false} onChange={(value) => setWay(value ?? way)} />
      <Select
        label="Leads to"
        placeholder="Choose a node"
        data={targets}
        searchable
        autoFocus
        value={null}
        error={refusal}
        nothingFoundMessage="No such node"
        onChange={(to) => {
          if (!to) return;
          const why = connect(editor, from, to, types);
          setRefusal(why);
          if (!why) onDone();
        }}
      />
    </div>
  );
}
