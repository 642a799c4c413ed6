// What holds for a node beside its config: attempts, time, failure, joins.
import { Collapse, NumberInput, Select, TextInput } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { ExpressionField } from '@/components/data/ExpressionField';
import { FieldLabel } from '@/components/data/FieldLabel';
import type { FlowNode } from '@/components/data/flow';
import { isObject, type JsonObject } from '@/components/data/json';
import { durationMistake } from '@/components/data/schema';
import { setNode } from './actions';
import { useEditorState, useParts } from './context';
import classes from './Editor.module.css';
import { preview, useFunctions } from './expressions';
import { NodeNotes } from './NodeSetup';
import type { Sample } from './sample';

const ON_ERROR = [
  { value: 'fail', label: 'Fail, unless an error edge takes it' },
  { value: 'continue', label: 'Go on, with the error as its output' },
  { value: 'route', label: 'Take its error edge (there must be one)' },
];
const JOIN = [
  { value: 'all', label: 'All: every edge is decided' },
  { value: 'any', label: 'Any: one is taken' },
  { value: 'first', label: 'First: one is taken, the others are cancelled' },
  { value: 'n', label: 'A number of them' },
];
const ON_UNKNOWN = [
  { value: 'retry', label: 'Try again' },
  { value: 'stop', label: 'Stop and ask' },
];

export function NodeRules({ node, sample }: { node: FlowNode; sample: Sample }) {
  const { editor, types, readOnly } = useParts();
  const several = useEditorState(() => (editor.graph().edges ?? []).filter((edge) => edge.to === node.id).length > 1);
  const kind = types.get(node.type)?.kind;
  const tries = kind === 'task' || node.retry !== undefined;
  const set = (members: Partial<FlowNode>, field: string) => setNode(editor, node.id, members, field);
  const onError = typeof node.on_error === 'string' ? node.on_error : 'fail';
  const join = isObject(node.join) ? 'n' : typeof node.join === 'string' ? node.join : 'all';
  const used = ['retry', 'timeout', 'on_error', 'join', 'on_unknown', 'notes'].filter(
    (name) => node[name] !== undefined,
  );
  const [open, setOpen] = useState(used.length > 0);
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <section className={classes.section}>
      <button type="button" className={classes.sectionHead} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Chevron size={14} aria-hidden /> Failure and timing
        {!open && used.length > 0 && <span className="meta"> {used.join(', ')}</span>}
      </button>
      <Collapse expanded={open}>
        {open && (
          <fieldset className={classes.bare} disabled={readOnly !== ''}>
            <div className={classes.form}>
              {tries && <Retry node={node} sample={sample} />}
              <DurationInput
                label="Timeout"
                placeholder={types.get(node.type)?.default_timeout ?? 'none'}
                value={node.timeout}
                onChange={(timeout) => set({ timeout }, 'timeout')}
              />
              <Select
                label="When it fails"
                data={ON_ERROR}
                value={onError}
                allowDeselect={false}
                onChange={(value) => set({ on_error: value === 'fail' ? undefined : value }, 'on_error')}
              />
              {(several || node.join !== undefined) && (
                <div className={classes.two}>
                  <Select
                    label="Runs when, of its edges"
                    data={JOIN}
                    value={join}
                    allowDeselect={false}
                    onChange={(value) =>
                      set({ join: value === 'all' ? undefined : value === 'n' ? { n: 2 } : value }, 'join')
                    }
                  />
                  {isObject(node.join) && (
                    <NumberInput
                      label="How many"
                      min={1}
                      value={Number(node.join.n)}
                      onChange={(value) => set({ join: { n: Number(value) } }, 'join')}
                    />
                  )}
                </div>
              )}
              <Select
                label="When the process died while it ran"
                data={ON_UNKNOWN}
                placeholder={
                  types.get(node.type)?.effect === 'unsafe' ? 'Stop and ask (default)' : 'Try again (default)'
                }
                value={typeof node.on_unknown === 'string' ? node.on_unknown : null}
                clearable
                onChange={(value) => set({ on_unknown: value ?? undefined }, 'on_unknown')}
              />
              <NodeNotes node={node} />
            </div>
          </fieldset>
        )}
      </Collapse>
    </section>
  );
}

function Retry({ node, sample }: { node: FlowNode; sample: Sample }) {
  const { editor, readOnly } = useParts();
  const functions = useFunctions();
  const retry: JsonObject = isObject(node.retry) ? node.retry : {};
  const set = (member: string, value: JsonObject[string] | undefined) => {
    const next: JsonObject = { ...retry };
    if (value === undefined || value === '') delete next[member];
    else next[member] = value;
    setNode(editor, node.id, { retry: Object.keys(next).length > 0 ? next : undefined }, `retry/${member}`);
  };
  const number = (member: string, fallback: string, label: string, step?: number) => (
    <NumberInput
      label={label}
      placeholder={fallback}
      min={0}
      step={step}
      value={typeof retry[member] === 'number' ? (retry[member] as number) : ''}
      onChange={(value) => set(member, value === '' ? undefined : Number(value))}
    />
  );
  const duration = (member: string, fallback: string, label: string) => (
    <DurationInput
      label={label}
      placeholder={fallback}
      value={retry[member]}
      onChange={(value) => set(member, value)}
    />
  );
  const tries = Number(retry.max_attempts ?? 1) > 1;
  return (
    <>
      <div className={classes.two}>
        {number('max_attempts', '1', 'Attempts')}
        {tries && duration('backoff', '1s', 'First delay')}
      </div>
      {tries && (
        <>
          <div className={classes.two}>
            {number('factor', '2', 'Delay grows by', 0.5)}
            {duration('max_backoff', '5m', 'Longest delay')}
          </div>
          <div className={classes.two}>
            {number('jitter', '0.1', 'Moved at random by', 0.05)}
            {duration('max_elapsed', 'none', 'No attempt after')}
          </div>
          <div>
            <FieldLabel className={classes.label}>Only when</FieldLabel>
            <ExpressionField
              label="Only when"
              mode="expression"
              value={typeof retry.retry_if === 'string' ? retry.retry_if : ''}
              onChange={readOnly ? undefined : (text) => set('retry_if', text)}
              names={[...sample.names, 'error', 'attempt']}
              scope={sample.scope}
              missing={sample.missing}
              functions={functions}
              preview={preview}
              placeholder="error.code == 'timeout'"
            />
          </div>
        </>
      )}
    </>
  );
}

function DurationInput(props: {
  label: string;
  placeholder: string;
  value: unknown;
  onChange: (value: string | undefined) => void;
}) {
  const text = typeof props.value === 'string' ? props.value : '';
  return (
    <TextInput
      label={props.label}
      placeholder={props.placeholder}
      value={text}
      error={durationMistake(text)}
      onChange={(event) => props.onChange(event.currentTarget.value.trim() || undefined)}
    />
  );
}
