// The dialogs of a run's actions. Each says what will happen before it does.

import { Button, Radio, Textarea, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { Dialog } from '@/components/Dialog';
import { CodeEditor } from '@/components/data/CodeEditor';
import { type Json, parseJson } from '@/components/data/json';
import { Loading, ProblemText } from '@/components/States';
import { formatNumber } from '@/lib/format';
import type { Run, useRunActions } from './queries';
import classes from './Run.module.css';
import { failedPaths, type Tree } from './tree';

export interface DialogProps {
  run: Run;
  actions: ReturnType<typeof useRunActions>;
  onClose: () => void;
}

function Reason({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Textarea
      label="Reason"
      description="Kept in the run's journal"
      maxLength={500}
      autosize
      minRows={1}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export function CancelDialog({ actions, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Cancel this run?"
      action="Cancel run"
      danger
      onConfirm={() => actions.cancel.mutateAsync(reason)}
    >
      <div className="stack">
        <p>
          Steps that run now are cut off, compensations run, and its sub-runs are cancelled too. What was done outside
          stays done. It can be retried later from where it stopped.
        </p>
        <Reason value={reason} onChange={setReason} />
      </div>
    </Confirm>
  );
}

export function PauseDialog({ actions, onClose, resume }: DialogProps & { resume: boolean }) {
  const [reason, setReason] = useState('');
  return resume ? (
    <Confirm
      opened
      onClose={onClose}
      title="Resume this run?"
      action="Resume run"
      onConfirm={() => actions.resume.mutateAsync()}
    >
      Steps that are ready start again. Timers that came due and signals that arrived meanwhile count now.
    </Confirm>
  ) : (
    <Confirm
      opened
      onClose={onClose}
      title="Pause this run?"
      action="Pause run"
      onConfirm={() => actions.pause.mutateAsync(reason)}
    >
      <div className="stack">
        <p>Steps that run now may end, and their results are kept; no further step starts until it is resumed.</p>
        <Reason value={reason} onChange={setReason} />
      </div>
    </Confirm>
  );
}

const retryable: ReadonlySet<string> = new Set(['failed', 'timed_out', 'cancelled']);

export function RetryDialog({ run, actions, onClose, tree }: DialogProps & { tree: Tree }) {
  const [reason, setReason] = useState('');
  const failed = failedPaths(tree);
  if (!retryable.has(run.status)) {
    return (
      <Dialog onClose={onClose} title="Nothing to retry">
        <div className={classes.form}>
          <p>
            Only runs that failed, timed out or were cancelled can be retried. To do this one again, run it again: that
            makes a new run.
          </p>
          <div className={classes.formEnd}>
            <Button onClick={onClose} data-autofocus>
              Back
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Retry this run?"
      action="Retry run"
      onConfirm={() => actions.retry.mutateAsync(reason)}
    >
      <div className="stack">
        <p>
          The same run goes on{' '}
          {failed.length > 0 ? (
            <>
              from <code>{failed.slice(0, 3).join(', ')}</code>
              {failed.length > 3 && ` and ${formatNumber(failed.length - 3, 'more failed step')}`}
            </>
          ) : (
            'from where it stopped'
          )}
          . What succeeded is not done again. Its timeout and its attempts begin anew.
        </p>
        <Reason value={reason} onChange={setReason} />
      </div>
    </Confirm>
  );
}

/** The text of an editor as JSON; empty counts as nothing given. */
export function jsonOf(text: string): { value?: Json; mistake?: string } {
  if (text.trim() === '') return {};
  const parsed = parseJson(text);
  return parsed.ok ? { value: parsed.value } : { mistake: parsed.message };
}

export function SignalDialog(props: DialogProps & { name: string; signalKey: string }) {
  const { actions, onClose } = props;
  const [name, setName] = useState(props.name);
  const [key, setKey] = useState(props.signalKey);
  const [text, setText] = useState('');
  const { value, mistake } = jsonOf(text);
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Send a signal"
      action="Send signal"
      disabled={name.trim() === '' || mistake !== undefined}
      onConfirm={() => actions.signal.mutateAsync({ name: name.trim(), key, payload: value })}
    >
      <div className="stack">
        <p>
          The first wait for this name (and key) takes it and goes on. When none waits yet, it is kept for one that
          comes.
        </p>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={100} />
        <TextInput
          label="Key"
          description="A wait with a key takes only signals with the same"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          maxLength={200}
        />
        <div>
          <div className="meta">Payload, any JSON; empty: none</div>
          <CodeEditor label="Payload" language="json" value={text} onChange={setText} minHeight={72} maxHeight={240} />
          {mistake && <p className="error">{mistake}</p>}
        </div>
      </div>
    </Confirm>
  );
}

export function DecideDialog({ actions, onClose, path }: DialogProps & { path: string }) {
  const [decision, setDecision] = useState<'retry' | 'succeed' | 'fail' | ''>('');
  const [reason, setReason] = useState('');
  const [text, setText] = useState('{}');
  const { value, mistake } = jsonOf(text);
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`How did ${path} end?`}
      action="Decide about step"
      disabled={decision === '' || (decision === 'succeed' && mistake !== undefined)}
      onConfirm={() =>
        actions.decide.mutateAsync({
          path,
          decision: decision as 'retry',
          ...(decision === 'succeed' ? { output: value ?? null } : {}),
          ...(reason ? { reason } : {}),
        })
      }
    >
      <div className="stack">
        <p>
          The server stopped while this step was under way, and it must not be done twice by itself. Look at the other
          side first.
        </p>
        <Radio.Group value={decision} onChange={(next) => setDecision(next as 'retry')} aria-label="Decision">
          <div className="stack">
            <Radio value="succeed" label="It was done" description="The run goes on with the output below" />
            <Radio value="retry" label="Do it again" description="Under the same effect key as before" />
            <Radio
              value="fail"
              label="It was not done, and shall not be"
              description="The step fails, and its error edges count"
            />
          </div>
        </Radio.Group>
        {decision === 'succeed' && (
          <div>
            <div className="meta">Its output, as JSON</div>
            <CodeEditor label="Output" language="json" value={text} onChange={setText} minHeight={72} maxHeight={240} />
            {mistake && <p className="error">{mistake}</p>}
          </div>
        )}
        <Reason value={reason} onChange={setReason} />
      </div>
    </Confirm>
  );
}

export function ReplayDialog({ actions, onClose }: DialogProps) {
  const { replay } = actions;
  const { mutate } = replay;
  useEffect(() => mutate(), [mutate]);
  const report = replay.data;
  return (
    <Dialog onClose={onClose} size={640} title="Check against the journal">
      <div className={classes.form}>
        <p>
          The run is computed again from what came from outside, and compared with its journal. Nothing is sent anywhere
          and nothing is written.
        </p>
        {replay.isPending && <Loading rows={3} />}
        <ProblemText error={replay.error} />
        {report && (
          <div className={report.same ? classes.note : classes.problem} role="status">
            <p>
              <strong>{report.same ? 'The same history came out.' : 'Another history came out.'}</strong>{' '}
              {formatNumber(report.entries, 'entry', 'entries')}: {(report.computed ?? 0).toLocaleString('en-US')}{' '}
              computed again, {(report.from_outside ?? 0).toLocaleString('en-US')} from outside
              {report.unchecked ? `, ${report.unchecked} not checked` : ''}
              {report.ended === false && '; the run has not ended'}.
            </p>
            {report.divergence && (
              <>
                <p>
                  At entry {report.divergence.seq}
                  {report.divergence.step && `, step ${report.divergence.step}`}: {report.divergence.message}
                </p>
                <pre>
                  {JSON.stringify(
                    { recorded: report.divergence.recorded, computed: report.divergence.computed },
                    null,
                    2,
                  )}
                </pre>
              </>
            )}
          </div>
        )}
        <div className={classes.formEnd}>
          <Button onClick={onClose}>Close</Button>
        </div>
      </div>
    </Dialog>
  );
}
