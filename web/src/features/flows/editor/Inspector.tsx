// What is selected: a node, an edge, a note, several, or else the flow itself.
import { ActionIcon, Button, Tabs, Textarea, Tooltip } from '@mantine/core';
import { Copy, Frame, Maximize2, Trash2, X } from 'lucide-react';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Dialog, useFocusReturn } from '@/components/Dialog';
import { nodesOf, type PlacedNode } from '@/components/data/graph';
import { Contained } from '@/components/Panel';
import { addNote, removeSelected } from './actions';
import { useEditorState, useParts } from './context';
import dialogs from './Dialogs.module.css';
import { EdgePanel } from './EdgePanel';
import classes from './Editor.module.css';
import { Fields } from './Fields';
import { FlowPanel } from './FlowPanel';
import { iconOf } from './look';
import { NodeInput, NodeOutput } from './NodeData';
import { NodeSetup } from './NodeSetup';
import { useSample } from './sample';
import { changeNote, notesOf } from './ui';

export type InspectorTab = 'setup' | 'input' | 'output';

export interface InspectorProps {
  tab: InspectorTab;
  onTab: (tab: InspectorTab) => void;
  /** The focus goes back to the canvas. */
  onLeave?: () => void;
  onClose?: () => void;
}

export function Inspector(props: InspectorProps) {
  const { editor } = useParts();
  const flow = useEditorState((state) => state.document);
  const selection = useEditorState((state) => state.selection);
  const [wide, setWide] = useState(false);
  const only = selection.nodes.length === 1 && selection.notes.length === 0 ? selection.nodes[0] : undefined;
  const place = useMemo(() => (only === undefined ? undefined : nodesOf(flow).get(only)), [flow, only]);
  const edge =
    selection.nodes.length + selection.notes.length === 0 && selection.edges.length === 1
      ? selection.edges[0]
      : undefined;
  const note =
    selection.nodes.length === 0 && selection.notes.length === 1
      ? notesOf(flow).find((one) => one.id === selection.notes[0])
      : undefined;
  const count = selection.nodes.length + selection.edges.length + selection.notes.length;
  const title = place
    ? String(place.node.name || place.node.id)
    : edge !== undefined
      ? 'Edge'
      : note
        ? note.kind === 'group'
          ? 'Group'
          : 'Comment'
        : count > 1
          ? `${count} selected`
          : 'Flow';
  const frame = useRef<HTMLElement>(null);
  const within = useRef(false);
  const shown = only ?? edge ?? note?.id ?? count;
  // What had the focus may go with an edit, or with what was shown before: then it stays in here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of each change
  useLayoutEffect(() => {
    if (within.current && document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
  }, [shown, flow]);
  useFocusReturn();
  return (
    <section
      ref={frame}
      className={classes.inspector}
      aria-label="Inspector"
      tabIndex={-1}
      onFocus={() => {
        within.current = true;
      }}
      onBlur={(event) => {
        within.current = event.relatedTarget === null || event.currentTarget.contains(event.relatedTarget);
      }}
      onKeyDown={(event) => {
        const target = event.target as HTMLElement;
        // Lists and dialogs of its own are closed first.
        const isOver = target.getAttribute('aria-expanded') === 'true' || !event.currentTarget.contains(target);
        if (event.key === 'Escape' && !event.defaultPrevented && !isOver) props.onLeave?.();
      }}
    >
      <div className={classes.inspectorHead}>
        {place && <TypeIcon type={place.node.type} />}
        <h2 className={classes.inspectorTitle}>{title}</h2>
        {place && (
          <Tooltip label="Input, setup and output side by side">
            <ActionIcon size="sm" aria-label="Show side by side" onClick={() => setWide(true)}>
              <Maximize2 size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        {(props.onClose || count > 0) && (
          <ActionIcon
            size="sm"
            aria-label="Close details"
            onClick={() => {
              editor.select({});
              props.onClose?.();
            }}
          >
            <X size={14} />
          </ActionIcon>
        )}
      </div>
      <Contained key={shown}>
        {place ? (
          <NodePanel key={place.node.id} place={place} {...props} />
        ) : edge !== undefined ? (
          <div className={classes.inspectorBody}>
            <EdgePanel edgeKey={edge} />
            <RemoveButton />
          </div>
        ) : note ? (
          <div className={classes.inspectorBody}>
            <NotePanel id={note.id} text={note.text} isGroup={note.kind === 'group'} />
            <RemoveButton />
          </div>
        ) : count > 1 ? (
          <Several />
        ) : (
          <div className={classes.inspectorBody}>
            <FlowPanel />
          </div>
        )}
      </Contained>
      {wide && place && <SideBySide place={place} onClose={() => setWide(false)} />}
    </section>
  );
}

function TypeIcon({ type }: { type: string }) {
  const { types } = useParts();
  const Icon = iconOf(type, types.get(type)?.category);
  return <Icon size={16} strokeWidth={1.75} aria-hidden />;
}

function NodePanel({ place, tab, onTab }: InspectorProps & { place: PlacedNode }) {
  const sample = useSample(place.node.id);
  return (
    <Tabs value={tab} onChange={(value) => onTab((value as InspectorTab) ?? 'setup')} className={classes.tabs}>
      <Tabs.List>
        <Tabs.Tab value="setup">Setup</Tabs.Tab>
        <Tabs.Tab value="input">Input</Tabs.Tab>
        <Tabs.Tab value="output">Output</Tabs.Tab>
      </Tabs.List>
      <div className={classes.inspectorBody}>
        {tab === 'setup' ? (
          <NodeSetup place={place} sample={sample} />
        ) : tab === 'input' ? (
          <NodeInput sample={sample} />
        ) : (
          <NodeOutput node={place.node} top={place.container.length === 0} />
        )}
      </div>
    </Tabs>
  );
}

/** The whole node at once, on a wide screen. */
function SideBySide({ place, onClose }: { place: PlacedNode; onClose: () => void }) {
  const sample = useSample(place.node.id);
  return (
    <Dialog onClose={onClose} size="min(1600px, 96vw)" title={String(place.node.name || place.node.id)}>
      <div className={dialogs.threefold}>
        <section aria-label="Input">
          <h3 className={classes.sectionTitle}>Input</h3>
          <NodeInput sample={sample} />
        </section>
        <section aria-label="Setup">
          <NodeSetup place={place} sample={sample} />
        </section>
        <section aria-label="Output">
          <h3 className={classes.sectionTitle}>Output</h3>
          <NodeOutput node={place.node} top={place.container.length === 0} />
        </section>
      </div>
    </Dialog>
  );
}

function NotePanel({ id, text, isGroup }: { id: string; text: string; isGroup: boolean }) {
  const { editor, readOnly } = useParts();
  return (
    <Fields label="The note">
      <Textarea
        label={isGroup ? 'Title' : 'Text'}
        autosize
        minRows={isGroup ? 1 : 4}
        maxRows={16}
        value={text}
        readOnly={readOnly !== ''}
        data-first-field
        onChange={(event) => {
          const next = event.currentTarget.value;
          editor.edit((before) => changeNote(before, id, { text: next }), `note/${id}`);
        }}
      />
      {isGroup && <p className="meta">What stands in a group moves with it.</p>}
    </Fields>
  );
}

function RemoveButton() {
  const { editor, readOnly } = useParts();
  if (readOnly) return null;
  return (
    <div className={classes.row}>
      <Button size="xs" leftSection={<Trash2 size={14} aria-hidden />} onClick={() => removeSelected(editor)}>
        Remove
      </Button>
    </div>
  );
}

function Several() {
  const { editor, types, readOnly } = useParts();
  const selection = useEditorState((state) => state.selection);
  return (
    <div className={classes.inspectorBody}>
      <p>
        {selection.nodes.length} nodes, {selection.edges.length} edges
        {selection.notes.length > 0 && `, ${selection.notes.length} notes`}.
      </p>
      {!readOnly && (
        <div className={classes.row}>
          {selection.nodes.length > 0 && (
            <Button
              size="xs"
              leftSection={<Frame size={14} aria-hidden />}
              onClick={() => addNote(editor, 'group', { x: 0, y: 0 }, types)}
            >
              Group nodes
            </Button>
          )}
          <Button
            size="xs"
            leftSection={<Copy size={14} aria-hidden />}
            disabled={selection.nodes.length === 0}
            onClick={() => globalThis.document.execCommand('copy')}
          >
            Copy nodes
          </Button>
          <Button size="xs" leftSection={<Trash2 size={14} aria-hidden />} onClick={() => removeSelected(editor)}>
            Remove selected
          </Button>
        </div>
      )}
    </div>
  );
}
