// What the server has of the draft: a fact of the network.
import { Button, Loader } from '@mantine/core';
import { CircleCheck, CloudOff, GitCompare, TriangleAlert } from 'lucide-react';
import { asProblem } from '@/api/problem';
import { useParts, useSaveState } from './context';
import classes from './Editor.module.css';

export function SaveMark({ onConflict }: { onConflict: () => void }) {
  const { saver } = useParts();
  const state = useSaveState();
  return (
    <span className={classes.save} role="status" data-save={state.kind}>
      {state.kind === 'clean' && <span className="quiet">No changes to version {saver.base.basedOn}</span>}
      {state.kind === 'saved' && (
        <>
          <CircleCheck size={14} aria-hidden className={classes.good} /> Saved rev {state.revision}
        </>
      )}
      {state.kind === 'saving' && (
        <>
          <Loader size={12} aria-hidden /> Saving
        </>
      )}
      {state.kind === 'offline' && (
        <>
          <CloudOff size={14} aria-hidden className={classes.warn} />
          {state.kept ? 'Offline, kept locally' : 'Offline, not kept: this browser has no room'}
        </>
      )}
      {state.kind === 'refused' && (
        <>
          <TriangleAlert size={14} aria-hidden className={classes.bad} />
          <span title={asProblem(state.error).detail}>
            Not saved: {asProblem(state.error).title}
            {state.kept && ', kept locally'}
          </span>
          <Button size="compact-xs" onClick={() => void saver.flush()}>
            Save again
          </Button>
        </>
      )}
      {state.kind === 'conflict' && (
        <>
          <GitCompare size={14} aria-hidden className={classes.bad} /> Conflict
          <Button size="compact-xs" onClick={onConflict}>
            Resolve conflict
          </Button>
        </>
      )}
    </span>
  );
}
