// The open graph as an ordered list of steps: how a flow is edited on a phone, and how it is read without a canvas.
import { ActionIcon, Button } from '@mantine/core';
import { ChevronRight, CornerDownRight, Plus } from 'lucide-react';
import { useMemo } from 'react';
import { bodyOf, graphAt, inOrder } from '@/components/data/graph';
import { StatusMark } from '@/components/StatusMark';
import { useEditorState, useParts, useProblems } from './context';
import shared from './Editor.module.css';
import { type Joining, joining } from './joining';
import { useNodeStatus } from './live';
import { detailOf, iconOf } from './look';
import { marksOf } from './mistakes';
import classes from './Steps.module.css';

export function StepList({ onAdd, onSettings }: { onAdd: (joined: Joining) => void; onSettings: () => void }) {
  const { editor, types, readOnly } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const { problems } = useProblems();
  const graph = graphAt(document, container)!;
  const order = useMemo(() => inOrder(graph), [graph]);
  const marks = useMemo(() => marksOf(problems, container), [problems, container]);
  return (
    <div className={classes.steps}>
      <ol aria-label="Steps">
        {order.map((id) => (
          <StepRow
            key={id}
            id={id}
            mark={marks.get(id)}
            onAdd={readOnly ? undefined : () => onAdd(joining(editor, types, id))}
          />
        ))}
      </ol>
      {order.length === 0 && <p className={shared.none}>No step yet.</p>}
      {!readOnly && (
        <Button leftSection={<Plus size={14} aria-hidden />} onClick={() => onAdd(joining(editor, types))}>
          Add step
        </Button>
      )}
      {container.length === 0 && (
        <Button
          variant="subtle"
          onClick={() => {
            editor.select({});
            onSettings();
          }}
        >
          Flow settings
        </Button>
      )}
    </div>
  );
}

function StepRow({ id, mark, onAdd }: { id: string; mark: string | undefined; onAdd?: () => void }) {
  const { editor, types, live } = useParts();
  const document = useEditorState((state) => state.document);
  const container = useEditorState((state) => state.container);
  const status = useNodeStatus(live, id);
  const graph = graphAt(document, container)!;
  const node = graph.nodes.find((one) => one.id === id);
  if (!node) return null;
  const type = types.get(node.type);
  const Icon = iconOf(node.type, type?.category);
  const after = (graph.edges ?? []).filter((edge) => edge.to === id);
  const body = bodyOf(node);
  return (
    <li className={classes.step} data-mark={mark}>
      <button type="button" className={classes.stepMain} onClick={() => editor.select({ nodes: [id] })}>
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        <span className={classes.stepText}>
          <strong className="ellipsis">{String(node.name || node.id)}</strong>
          <span className="meta ellipsis">{detailOf(node, type?.title)}</span>
          {after.length > 0 && (
            <span className="meta ellipsis">
              <CornerDownRight size={12} aria-hidden /> after{' '}
              {after
                .map((edge) => (edge.on && edge.on !== 'success' ? `${edge.from} on ${edge.on}` : edge.from))
                .join(', ')}
            </span>
          )}
        </span>
        {status && <StatusMark status={status.status} />}
        <ChevronRight size={16} aria-hidden />
      </button>
      {body && (
        <Button size="compact-xs" className={classes.body} onClick={() => editor.open([...container, id])}>
          Open body ({body.nodes.length})
        </Button>
      )}
      {onAdd && (
        <ActionIcon aria-label={`Add a step after ${id}`} onClick={onAdd}>
          <Plus size={16} />
        </ActionIcon>
      )}
    </li>
  );
}
