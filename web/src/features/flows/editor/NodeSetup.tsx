// What a node is and does: its names, the config by its type's schema, and what holds when it fails.
import { Button, Collapse, Select, Textarea, TextInput } from '@mantine/core';
import { ChevronDown, ChevronRight, SquareArrowOutUpRight } from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import { bodyOf, type FlowNode, idRefusal, type PlacedNode } from '@/components/data/graph';
import type { JsonObject } from '@/components/data/json';
import { Markdown } from '@/components/data/Markdown';
import { SchemaForm } from '@/components/data/SchemaForm';
import { rename, setNode } from './actions';
import { useEditorState, useParts, useProblems } from './context';
import classes from './Editor.module.css';
import { preview, useFunctions, useSecretNames } from './expressions';
import { Fields } from './Fields';
import { mistakesBelow } from './mistakes';
import { NodeEdges } from './NodeEdges';
import { NodeRules } from './NodeRules';
import type { Sample } from './sample';

export function NodeSetup({ place, sample }: { place: PlacedNode; sample: Sample }) {
  const { editor, types, readOnly } = useParts();
  const { node } = place;
  const { problems } = useProblems();
  const functions = useFunctions();
  const secrets = useSecretNames();
  const id = useId();
  const type = types.get(node.type);
  const mistakes = useMemo(() => mistakesBelow(problems, node.id, 'config'), [problems, node.id]);
  const others = problems.filter((one) => one.node === node.id && !one.field.startsWith('/config'));
  const body = bodyOf(node);
  const rest = (
    <>
      <NodeRules node={node} sample={sample} />
      <NodeEdges node={node} />
      <TypeDoc key={`about ${node.type}`} doc={type?.doc} title={type?.title ?? node.type} />
    </>
  );
  return (
    <Fields label="Setup of the node">
      {others.map((one) => (
        <p key={one.pointer + one.message} className={one.severity === 'error' ? 'error' : 'quiet'} role="note">
          {one.field && <code>{one.field.slice(1)}</code>} {one.message}
        </p>
      ))}
      <NodeNames key={`names ${node.id}`} node={node} />
      {type ? (
        <SchemaForm
          id={id}
          label={`Config of ${node.id}`}
          schema={type.config_schema}
          value={node.config ?? {}}
          onChange={
            readOnly
              ? undefined
              : (config: JsonObject) =>
                  setNode(editor, node.id, { config: Object.keys(config).length > 0 ? config : undefined }, 'config')
          }
          mistakes={mistakes}
          scope={sample.scope}
          names={sample.names}
          missing={sample.missing}
          functions={functions}
          secrets={secrets}
          preview={preview}
          body={
            body && (
              <Button
                size="xs"
                leftSection={<SquareArrowOutUpRight size={14} aria-hidden />}
                onClick={() => editor.open([...place.container, node.id])}
              >
                Open body ({body.nodes.length})
              </Button>
            )
          }
        >
          {rest}
        </SchemaForm>
      ) : (
        <>
          <p className="error">
            There is no node type {node.type}. Choose another one, or start the server with what brings it.
          </p>
          {rest}
        </>
      )}
    </Fields>
  );
}

function NodeNames({ node }: { node: FlowNode }) {
  const { editor, types, readOnly } = useParts();
  const document = useEditorState((state) => state.document);
  const [id, setId] = useState<string>();
  const refusal = id === undefined ? undefined : idRefusal(document, id, node.id);
  const take = () => {
    if (id === undefined) return;
    if (!refusal && id !== node.id) rename(editor, node.id, id, types);
    setId(undefined);
  };
  return (
    <>
      <div className={classes.two}>
        <TextInput
          label="Name"
          placeholder={node.id}
          value={typeof node.name === 'string' ? node.name : ''}
          readOnly={readOnly !== ''}
          data-first-field
          onChange={(event) => setNode(editor, node.id, { name: event.currentTarget.value || undefined }, 'name')}
        />
        <TextInput
          label="Id"
          value={id ?? node.id}
          error={refusal}
          readOnly={readOnly !== ''}
          title="Expressions name the step by it; when it changes they follow"
          onChange={(event) => setId(event.currentTarget.value)}
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key === 'Enter') take();
            if (event.key === 'Escape') setId(undefined);
          }}
        />
      </div>
      <TypeChoice node={node} />
    </>
  );
}

function TypeChoice({ node }: { node: FlowNode }) {
  const { editor, types, readOnly } = useParts();
  const choices = useMemo(() => {
    const groups = new Map<string, { value: string; label: string }[]>();
    for (const type of types.values()) {
      const list = groups.get(type.category) ?? [];
      list.push({ value: type.name, label: type.title === type.name ? type.name : `${type.title} (${type.name})` });
      groups.set(type.category, list);
    }
    return [...groups].map(([group, items]) => ({ group, items }));
  }, [types]);
  return (
    <Select
      label="Type"
      data={choices}
      value={types.has(node.type) ? node.type : null}
      placeholder={node.type}
      searchable
      allowDeselect={false}
      disabled={readOnly !== ''}
      onChange={(value) => {
        if (value && value !== node.type) setNode(editor, node.id, { type: value }, 'type');
      }}
    />
  );
}

function TypeDoc({ doc, title }: { doc: string | undefined; title: string }) {
  const [open, setOpen] = useState(false);
  if (!doc) return null;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <section className={classes.section}>
      <button type="button" className={classes.sectionHead} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Chevron size={14} aria-hidden /> About “{title}”
      </button>
      <Collapse expanded={open}>{open && <Markdown text={doc} />}</Collapse>
    </section>
  );
}

export function NodeNotes({ node }: { node: FlowNode }) {
  const { editor, readOnly } = useParts();
  return (
    <Textarea
      label="Notes"
      autosize
      minRows={1}
      maxRows={8}
      value={typeof node.notes === 'string' ? node.notes : ''}
      readOnly={readOnly !== ''}
      onChange={(event) => setNode(editor, node.id, { notes: event.currentTarget.value || undefined }, 'notes')}
    />
  );
}
