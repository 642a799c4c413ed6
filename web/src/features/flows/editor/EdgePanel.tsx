// An edge: when it is taken.
import { Select } from '@mantine/core';
import { useState } from 'react';
import { ExpressionField } from '@/components/data/ExpressionField';
import { FieldLabel } from '@/components/data/FieldLabel';
import { edgeKeys, type FlowEdge, portsOf } from '@/components/data/graph';
import { setEdge } from './actions';
import { useEditorState, useParts, useProblems } from './context';
import classes from './Editor.module.css';
import { preview, useFunctions } from './expressions';
import { Fields } from './Fields';
import { useSample } from './sample';

const ON = [
  { value: 'success', label: 'On success: its source succeeded' },
  { value: 'error', label: 'On error: its source failed after its last attempt' },
  { value: 'rollback', label: 'On rollback: the target undoes the source' },
];

export function EdgePanel({ edgeKey }: { edgeKey: string }) {
  const { editor } = useParts();
  // The document is what is drawn; the graph is read from it.
  useEditorState((state) => state.document);
  const edges = editor.graph().edges ?? [];
  const edge = edges[edgeKeys(edges).indexOf(edgeKey)];
  return edge ? <EdgeForm edge={edge} edgeKey={edgeKey} /> : null;
}

function EdgeForm({ edge, edgeKey }: { edge: FlowEdge; edgeKey: string }) {
  const { editor, types, readOnly } = useParts();
  const { problems } = useProblems();
  const functions = useFunctions();
  const sample = useSample(edge.to);
  const [refusal, setRefusal] = useState<string>();
  const source = editor.graph().nodes.find((node) => node.id === edge.from);
  const ports = source ? portsOf(source, types.get(source.type)).filter((port) => port.name !== '') : [];
  const set = (members: Partial<FlowEdge>, field: string) =>
    setRefusal(setEdge(editor, edgeKey, members, field, types));
  const mine = problems.filter((one) => one.edge === edgeKey);
  const on = edge.on ?? 'success';
  return (
    <Fields label="The edge">
      {mine.map((one) => (
        <p key={one.pointer + one.message} className={one.severity === 'error' ? 'error' : 'quiet'} role="note">
          {one.message}
        </p>
      ))}
      {refusal && (
        <p className="error" role="alert">
          {refusal}
        </p>
      )}
      <div className={classes.row}>
        <span className="quiet">From</span>
        <button type="button" className={classes.link} onClick={() => editor.select({ nodes: [edge.from] })}>
          {edge.from}
        </button>
        <span className="quiet">to</span>
        <button type="button" className={classes.link} onClick={() => editor.select({ nodes: [edge.to] })}>
          {edge.to}
        </button>
      </div>
      <Select
        label="Taken"
        data={ON}
        value={on}
        allowDeselect={false}
        disabled={readOnly !== ''}
        data-first-field
        onChange={(value) =>
          set(
            value === 'success'
              ? { on: undefined }
              : {
                  on: value as FlowEdge['on'],
                  from_port: undefined,
                  ...(value === 'rollback' ? { condition: undefined } : {}),
                },
            'on',
          )
        }
      />
      {ports.length > 0 && on === 'success' && (
        <Select
          label="From port"
          placeholder="Whichever port is chosen"
          data={ports.map((port) => ({
            value: port.name,
            label: port.when ? `${port.name}: ${port.when}` : port.name,
          }))}
          value={edge.from_port ?? null}
          clearable
          disabled={readOnly !== ''}
          onChange={(value) => set({ from_port: value ?? undefined }, 'from_port')}
        />
      )}
      {on !== 'rollback' && (
        <div>
          <FieldLabel className={classes.label}>Condition</FieldLabel>
          <ExpressionField
            label="Condition"
            mode="expression"
            value={edge.condition ?? ''}
            onChange={readOnly ? undefined : (text) => set({ condition: text || undefined }, 'condition')}
            scope={sample.scope}
            missing={sample.missing}
            names={on === 'error' ? [...sample.names, 'error'] : sample.names}
            functions={functions}
            preview={preview}
            invalid={mine.some((one) => one.field === '/condition')}
            placeholder={on === 'error' ? "error.code == 'timeout'" : `nodes.${edge.from}.output.ok`}
          />
          <p className="meta">Taken when it is true. Without one it is taken always.</p>
        </div>
      )}
    </Fields>
  );
}
