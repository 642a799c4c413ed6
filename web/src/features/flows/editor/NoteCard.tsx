// A group's frame, or a comment, on the canvas.
import { type Node, type NodeProps, NodeResizer, useStore } from '@xyflow/react';
import { memo } from 'react';
import classes from './Canvas.module.css';
import { isFar } from './FlowNodeCard';
import type { Note } from './ui';

export interface NoteData extends Record<string, unknown> {
  note: Note;
  readOnly: boolean;
}
export type NoteNode = Node<NoteData, 'note'>;

export const NoteCard = memo(function NoteCard({ data, selected }: NodeProps<NoteNode>) {
  const far = useStore(isFar);
  const { note } = data;
  return (
    <>
      {!data.readOnly && (
        <NodeResizer isVisible={selected && !far} minWidth={80} minHeight={40} lineClassName={classes.resize} />
      )}
      <div className={note.kind === 'group' ? classes.group : classes.comment} data-selected={selected || undefined}>
        {!far && <div className={note.kind === 'group' ? classes.groupTitle : classes.commentText}>{note.text}</div>}
      </div>
    </>
  );
});
