// Buttons and the way back on the canvas, outside of its nodes.
import { ActionIcon, Tooltip } from '@mantine/core';
import { ChevronRight, Frame, Maximize, Minus, Network, Plus, PlusCircle, Search, StickyNote } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { addNote } from './actions';
import type { CanvasHandle } from './Canvas';
import classes from './Canvas.module.css';
import { useEditorState, useParts } from './context';

export interface ToolsProps {
  canvas: React.RefObject<CanvasHandle | null>;
  onAdd: () => void;
  onFind: () => void;
  onLayout: () => void;
}

export function CanvasTools({ canvas, onAdd, onFind, onLayout }: ToolsProps) {
  const { editor, types, readOnly } = useParts();
  const note = (kind: 'group' | 'comment') => {
    const at = canvas.current?.centre() ?? { x: 0, y: 0 };
    addNote(editor, kind, { x: at.x - 110, y: at.y - 40 }, types);
  };
  return (
    <div
      className={classes.tools}
      role="toolbar"
      aria-label="Canvas"
      onPointerDown={(event) => event.stopPropagation()}
    >
      {!readOnly && (
        <>
          <Tool label="Add node (a)" onClick={onAdd} icon={<PlusCircle size={16} />} />
          <Tool label="Group what is selected" onClick={() => note('group')} icon={<Frame size={16} />} />
          <Tool label="Add comment" onClick={() => note('comment')} icon={<StickyNote size={16} />} />
          <Tool label="Lay out (Shift L)" onClick={onLayout} icon={<Network size={16} />} />
        </>
      )}
      <Tool label="Find node (/)" onClick={onFind} icon={<Search size={16} />} />
      <Tool label="Zoom out" onClick={() => canvas.current?.zoomBy(0.8)} icon={<Minus size={16} />} />
      <Tool label="Zoom in" onClick={() => canvas.current?.zoomBy(1.25)} icon={<Plus size={16} />} />
      <Tool label="Fit graph (f)" onClick={() => canvas.current?.fit()} icon={<Maximize size={16} />} />
    </div>
  );
}

function Tool({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon size="sm" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

/** The containers on the way to the open body. */
export function Crumbs() {
  const { editor } = useParts();
  const container = useEditorState((state) => state.container);
  const name = useEditorState((state) => state.document.name);
  if (container.length === 0) return null;
  return (
    <nav className={classes.crumbs} aria-label="Bodies" onPointerDown={(event) => event.stopPropagation()}>
      <button type="button" onClick={() => editor.open([])}>
        {name || 'Flow'}
      </button>
      {container.map((id, index) => (
        <Fragment key={id}>
          <ChevronRight size={14} aria-hidden />
          {index === container.length - 1 ? (
            <span aria-current="true">{id}</span>
          ) : (
            <button type="button" onClick={() => editor.open(container.slice(0, index + 1))}>
              {id}
            </button>
          )}
        </Fragment>
      ))}
    </nav>
  );
}
