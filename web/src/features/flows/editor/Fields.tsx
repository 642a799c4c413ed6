// The fields of the inspector: what is typed into one of them is one entry of undo; leaving it ends the entry.
import type { ReactNode } from 'react';
import { useParts } from './context';
import classes from './Editor.module.css';

export function Fields({ label, children }: { label: string; children: ReactNode }) {
  const { editor } = useParts();
  return (
    <div role="group" aria-label={label} className={classes.form} onBlur={() => editor.endGesture()}>
      {children}
    </div>
  );
}
