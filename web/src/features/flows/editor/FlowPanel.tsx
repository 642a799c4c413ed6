// What belongs to the flow as a whole: names, input, constants, output, and what holds for its runs.
import { Select, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { projectsQuery } from '@/api/session';
import { CodeEditor } from '@/components/data/CodeEditor';
import { ExpressionField } from '@/components/data/ExpressionField';
import { FieldLabel } from '@/components/data/FieldLabel';
import { type FlowDocument, graphAt, withGraphAt } from '@/components/data/graph';
import { isObject, type Json, type JsonObject, parseJson, same } from '@/components/data/json';
import { SchemaForm } from '@/components/data/SchemaForm';
import { useEditorState, useParts, useProblems } from './context';
import classes from './Editor.module.css';
import { preview, useFunctions } from './expressions';
import { Fields } from './Fields';
import { useSample } from './sample';
import { settingsSchema } from './settings_schema';

export function FlowPanel() {
  const { editor, readOnly } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const { problems } = useProblems();
  const projects = useQuery(projectsQuery());
  const mine = problems.filter((one) => one.node === undefined && one.edge === undefined);
  const set = (member: string, value: unknown) =>
    editor.edit((before) => withMember(before, member, value), `flow/${member}`);
  if (container.length > 0) return <BodyPanel />;
  const project = typeof document.project === 'string' ? document.project : 'default';
  return (
    <Fields label="The flow">
      {mine.map((one) => (
        <p key={one.pointer + one.message} className={one.severity === 'error' ? 'error' : 'quiet'} role="note">
          {one.field && <code>{one.field.slice(1)}</code>} {one.message}
        </p>
      ))}
      <div className={classes.two}>
        <TextInput
          label="Name"
          value={document.name ?? ''}
          readOnly={readOnly !== ''}
          data-first-field
          onChange={(event) => set('name', event.currentTarget.value)}
        />
        <Select
          label="Project"
          data={[...new Set([project, 'default', ...(projects.data?.items ?? []).map((one) => one.name)])]}
          value={project}
          allowDeselect={false}
          disabled={readOnly !== ''}
          onChange={(value) => set('project', value === 'default' ? undefined : value)}
        />
      </div>
      <Textarea
        label="Description"
        autosize
        minRows={1}
        maxRows={8}
        value={typeof document.description === 'string' ? document.description : ''}
        readOnly={readOnly !== ''}
        onChange={(event) => set('description', event.currentTarget.value || undefined)}
      />
      <OutputField
        value={document.output}
        says="What a run gives back. Without it: the outputs of the last nodes."
        onChange={(value) => set('output', value)}
      />
      <JsonField
        label="Input schema"
        says="JSON Schema (draft 7) that a run's input must match; the form for a run is made from it."
        value={document.input_schema as Json | undefined}
        onChange={(value) => set('input_schema', value)}
      />
      <JsonField
        label="Constants"
        says="An object; expressions name its members as vars.NAME."
        value={document.vars as Json | undefined}
        onChange={(value) => set('vars', value)}
      />
      <section className={classes.section}>
        <h3 className={classes.sectionTitle}>Settings of its runs</h3>
        <SchemaForm
          id="settings"
          label="Settings of its runs"
          schema={settingsSchema}
          value={isObject(document.settings) ? (document.settings as JsonObject) : {}}
          onChange={
            readOnly ? undefined : (value) => set('settings', Object.keys(value).length > 0 ? value : undefined)
          }
          mistakes={mine
            .filter((one) => one.field.startsWith('/settings/'))
            .map((one) => ({ pointer: one.field.slice('/settings'.length), message: one.message }))}
          templates={false}
        />
      </section>
    </Fields>
  );
}

function withMember(document: FlowDocument, member: string, value: unknown): FlowDocument {
  if (value === undefined) {
    const { [member]: _gone, ...rest } = document;
    return rest as FlowDocument;
  }
  return { ...document, [member]: value };
}

/** The body of a container that is open: what it gives. */
function BodyPanel() {
  const { editor } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const graph = graphAt(document, container);
  return (
    <Fields label="The body">
      <p>
        The body of <strong>{container.at(-1)}</strong>: it runs once for each item or turn. Its nodes see{' '}
        <code>item</code> and <code>index</code>; outside only the container's own output is seen.
      </p>
      <OutputField
        value={graph?.output}
        says="What each item or turn gives. Without it: the outputs of the last nodes."
        onChange={(value) =>
          editor.edit(
            (before) =>
              withGraphAt(before, container, (open) => {
                const { output: _gone, ...rest } = open;
                return value === undefined ? rest : { ...open, output: value as Json };
              }),
            `body/${container.join('/')}/output`,
          )
        }
      />
    </Fields>
  );
}

function OutputField(props: { value: unknown; says: string; onChange: (value: unknown) => void }) {
  const { readOnly } = useParts();
  const sample = useSample('');
  const functions = useFunctions();
  if (props.value !== undefined && typeof props.value !== 'string') {
    return <JsonField label="Output" says={props.says} value={props.value as Json} onChange={props.onChange} />;
  }
  return (
    <div>
      <FieldLabel className={classes.label}>Output</FieldLabel>
      <ExpressionField
        label="Output"
        value={props.value ?? ''}
        onChange={readOnly ? undefined : (text) => props.onChange(text === '' ? undefined : asValue(text))}
        scope={sample.scope}
        missing={sample.missing}
        functions={functions}
        preview={preview}
        placeholder="{{ nodes.answer.output }}"
      />
      <p className="meta">{props.says} An object or list is written as JSON.</p>
    </div>
  );
}

// A text that is an object or a list as JSON becomes one.
function asValue(text: string): Json {
  if (!/^\s*[[{](?!\{)/.test(text)) return text;
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : text;
}

interface JsonFieldProps {
  label: string;
  says: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** A member as JSON text. What is no JSON (yet) stays in the field and is not taken over. */
function JsonField({ label, says, value, onChange }: JsonFieldProps) {
  const { readOnly } = useParts();
  const written = value === undefined ? '' : JSON.stringify(value, null, 2);
  const [text, setText] = useState(written);
  const told = useRef(value);
  useEffect(() => {
    // Changed by somebody else: an undo, another tab, the JSON view.
    if (!same(told.current, value)) setText(written);
    told.current = value;
  }, [value, written]);
  const parsed = text.trim() === '' ? undefined : parseJson(text);
  return (
    <div>
      <FieldLabel className={classes.label}>{label}</FieldLabel>
      <CodeEditor
        label={label}
        language="json"
        value={text}
        minHeight={30}
        maxHeight={260}
        numbers={false}
        readOnly={readOnly !== ''}
        onChange={
          readOnly
            ? undefined
            : (next) => {
                setText(next);
                const read = next.trim() === '' ? undefined : parseJson(next);
                if (read && !read.ok) return;
                told.current = read?.value;
                onChange(read?.value);
              }
        }
      />
      {parsed && !parsed.ok ? (
        <p className="error" role="alert">
          Not taken over, because it is no JSON: {parsed.message}
        </p>
      ) : (
        <p className="meta">{says}</p>
      )}
    </div>
  );
}
