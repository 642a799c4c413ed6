// The draft changed elsewhere since it was read here. Four ways out, and each says what becomes of what.
import { Button, SegmentedControl, Stack } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Dialog } from '@/components/Dialog';
import { DiffView } from '@/components/data/DiffView';
import type { FlowDocument } from '@/components/data/flow';
import { type Json, shortValue } from '@/components/data/json';
import { type Conflict, merge, type Side } from '@/components/data/merge';
import { ProblemText } from '@/components/States';
import { formatNumber } from '@/lib/format';
import flows from '../Flows.module.css';
import classes from './Dialogs.module.css';

export interface ConflictProps {
  base: FlowDocument;
  mine: FlowDocument;
  theirs: FlowDocument;
  /** "the other tab", "version 4". */
  theirName: string;
  onMerge: (document: FlowDocument) => void;
  /** Absent where they make no sense: when a version is merged into a draft. */
  onCopy?: () => Promise<void>;
  onOverwrite?: () => Promise<void>;
  onDiscard?: () => void;
  onClose: () => void;
}

export function ConflictDialog(props: ConflictProps) {
  const { base, mine, theirs, theirName } = props;
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const [busy, setBusy] = useState('');
  const [error, setError] = useState<unknown>();
  const [asked, setAsked] = useState<'overwrite' | 'discard'>();
  const merged = useMemo(() => merge(base, mine, theirs, choices), [base, mine, theirs, choices]);
  const act = async (name: string, what: () => Promise<void> | void) => {
    setBusy(name);
    setError(undefined);
    try {
      await what();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy('');
    }
  };
  return (
    <Dialog
      onClose={props.onClose}
      title={props.onOverwrite ? 'This draft was changed elsewhere' : `Merge ${theirName} into the draft`}
      size="min(960px, 96vw)"
    >
      <Stack gap="md">
        <p>
          Both sides began with the same draft. What only one side changed is taken from it;{' '}
          {merged.conflicts.length === 0
            ? 'nothing was changed by both in different ways.'
            : `${formatNumber(merged.conflicts.length, 'field')} both changed, and you choose.`}
        </p>
        {merged.conflicts.map((conflict) => (
          <OneConflict
            key={conflict.id}
            conflict={conflict}
            theirName={theirName}
            side={choices[conflict.id] ?? 'mine'}
            onSide={(side) => setChoices({ ...choices, [conflict.id]: side })}
          />
        ))}
        {merged.dropped.length > 0 && (
          <p className="error">Edges that go because a node of theirs was removed: {merged.dropped.join(', ')}.</p>
        )}
        <details className={classes.details}>
          <summary>What merging changes for you</summary>
          <DiffView kind="flow" before={mine} after={merged.document} beforeLabel="Mine" afterLabel="Merged" />
        </details>
        <details className={classes.details}>
          <summary>Mine against {theirName}</summary>
          <DiffView kind="flow" before={theirs} after={mine} beforeLabel="Theirs" afterLabel="Mine" />
        </details>
        <ProblemText error={error} />
        {asked ? (
          <div role="alert" className={classes.asked}>
            <p>
              {asked === 'overwrite'
                ? `What ${theirName} changed is lost; the audit trail says that you wrote over it.`
                : 'What you changed here since the last save is lost.'}
            </p>
            <div className={flows.buttons}>
              <Button onClick={() => setAsked(undefined)}>Back</Button>
              <Button
                color="danger"
                variant="filled"
                loading={busy === asked}
                onClick={() =>
                  void act(asked, () => (asked === 'overwrite' ? props.onOverwrite?.() : props.onDiscard?.()))
                }
              >
                {asked === 'overwrite' ? 'Overwrite theirs' : 'Discard mine'}
              </Button>
            </div>
          </div>
        ) : (
          <div className={flows.buttons}>
            {props.onDiscard && (
              <Button disabled={busy !== ''} onClick={() => setAsked('discard')}>
                Discard mine…
              </Button>
            )}
            {props.onOverwrite && (
              <Button disabled={busy !== ''} onClick={() => setAsked('overwrite')}>
                Overwrite…
              </Button>
            )}
            {props.onCopy && (
              <Button loading={busy === 'copy'} onClick={() => void act('copy', props.onCopy!)}>
                Save mine as a copy
              </Button>
            )}
            <Button
              variant="filled"
              disabled={busy !== ''}
              onClick={() => void act('merge', () => props.onMerge(merged.document))}
              data-autofocus
            >
              Merge
            </Button>
          </div>
        )}
      </Stack>
    </Dialog>
  );
}

interface OneProps {
  conflict: Conflict;
  theirName: string;
  side: Side;
  onSide: (side: Side) => void;
}

function OneConflict({ conflict, theirName, side, onSide }: OneProps) {
  const { part, key, field } = conflict;
  const name = `${part === 'flow' ? 'Flow' : part === 'node' ? 'Node' : 'Edge'} ${key}${field ? `: ${field.slice(1).replaceAll('/', ' / ')}` : ''}`;
  return (
    <fieldset className={classes.conflict}>
      <legend>{name}</legend>
      <SegmentedControl
        size="xs"
        aria-label={`Which side: ${name}`}
        value={side}
        onChange={(value) => onSide(value as Side)}
        data={[
          { value: 'mine', label: 'Mine' },
          { value: 'theirs', label: 'Theirs' },
        ]}
      />
      <dl className={classes.sides}>
        <div data-chosen={side === 'mine' || undefined}>
          <dt>Mine</dt>
          <dd>
            <Value value={conflict.mine} />
          </dd>
        </div>
        <div data-chosen={side === 'theirs' || undefined}>
          <dt>{theirName}</dt>
          <dd>
            <Value value={conflict.theirs} />
          </dd>
        </div>
      </dl>
    </fieldset>
  );
}

function Value({ value }: { value: Json | undefined }) {
  if (value === undefined) return <span className="quiet">removed</span>;
  return <code>{typeof value === 'string' ? value.slice(0, 400) : shortValue(value, 400)}</code>;
}
