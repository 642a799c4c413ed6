// One dead letter: what failed, with which input, how often it was tried, and what can be done about it.

import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { CodeEditor } from '@/components/data/CodeEditor';
import { JsonView } from '@/components/data/JsonView';
import { Link } from '@/components/Link';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id } from '@/components/Values';
import { Who } from '@/components/Who';
import { type DeadLetterDetail, useDiscard, useLetter, useRedrive } from './queries';

export function LetterDetail({ id }: { id: string }) {
  return (
    <Loaded query={useLetter(id)} what="The dead letter">
      {(letter) => <Letter letter={letter} />}
    </Loaded>
  );
}

function Letter({ letter }: { letter: DeadLetterDetail }) {
  const [asking, setAsking] = useState<'redrive' | 'edit' | 'discard'>();
  const open = letter.state === 'open';
  return (
    <div className="stack">
      <div className="row wrap">
        <Permitted permission="runs:write" disabled={!open} onClick={() => setAsking('redrive')}>
          Redrive
        </Permitted>
        <Permitted permission="runs:write" disabled={!open} onClick={() => setAsking('edit')}>
          Edit and redrive
        </Permitted>
        <Permitted permission="runs:write" disabled={!open} onClick={() => setAsking('discard')}>
          Discard
        </Permitted>
      </div>
      <Facts
        facts={[
          ['State', letter.state],
          ['Cause', <StatusMark key="cause" status={letter.cause} />],
          [
            'Step',
            <span key="step" className="mono">
              {letter.step}
            </span>,
          ],
          ['Flow', `${letter.flow.name} v${letter.flow.version}`],
          [
            'Run',
            <Link key="run" to="/runs/$id" params={{ id: letter.run_id }} search={{ step: letter.step }}>
              Open the run at this step
            </Link>,
          ],
          [
            'Error',
            <span key="code" className="mono">
              {letter.error?.code}
            </span>,
          ],
          ['Attempts', letter.attempts],
          ['Since', <Ago key="since" time={letter.created_at} />],
          ['Id', <Id key="id" id={letter.id} />],
          ...(letter.decided_at
            ? ([
                ['Decided', <Ago key="decided" time={letter.decided_at} />],
                ['By', <Who key="by" id={letter.decided_by} />],
                ['Reason', letter.reason],
              ] as [string, React.ReactNode][])
            : []),
        ]}
      />
      <p className="error">{letter.error?.message}</p>
      {letter.input !== undefined && (
        <Panel title="Input of the run" flush>
          <JsonView label="Input" value={letter.input as never} maxHeight={320} />
        </Panel>
      )}
      {(letter.history?.length ?? 0) > 0 && (
        <Panel title="History of the step" flush>
          <JsonView label="History" value={letter.history as never} maxHeight={320} />
        </Panel>
      )}
      <Redrive
        letter={letter}
        edit={asking === 'edit'}
        opened={asking === 'redrive' || asking === 'edit'}
        onClose={() => setAsking(undefined)}
      />
      <Discard id={letter.id} opened={asking === 'discard'} onClose={() => setAsking(undefined)} />
    </div>
  );
}

function Redrive(props: { letter: DeadLetterDetail; edit: boolean; opened: boolean; onClose: () => void }) {
  const { letter, edit, opened, onClose } = props;
  const redrive = useRedrive();
  const [text, setText] = useState(() => JSON.stringify(letter.input ?? {}, null, 2));
  const [live, setLive] = useState(false);
  let mistake = '';
  if (edit) {
    try {
      JSON.parse(text);
    } catch (error) {
      mistake = (error as Error).message;
    }
  }
  const body = edit
    ? { input: JSON.parse(mistake ? 'null' : text), ...(live ? { version: 'live' as const } : {}) }
    : {};
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={edit ? 'Edit and redrive' : 'Redrive dead letter'}
      action="Redrive letter"
      disabled={mistake !== ''}
      onConfirm={() => redrive.mutateAsync({ id: letter.id, body })}
    >
      {edit ? (
        <div className="stack">
          <p>A new run is started with this input. The old run stays as it is.</p>
          <CodeEditor label="Input" language="json" value={text} onChange={setText} height={240} />
          {mistake && <p className="error">{mistake}</p>}
          <Checkbox
            label="With the flow's live version instead of the recorded one"
            checked={live}
            onChange={(event) => setLive(event.currentTarget.checked)}
          />
        </div>
      ) : (
        <p>
          The run goes on from <span className="mono">{letter.step}</span>. Finished steps are not executed again.
        </p>
      )}
    </Confirm>
  );
}

function Discard({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const discard = useDiscard();
  const [reason, setReason] = useState('');
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Discard dead letter"
      action="Discard letter"
      danger
      disabled={reason.trim() === ''}
      onConfirm={() => discard.mutateAsync({ id, reason })}
    >
      <div className="stack">
        <p>The letter is closed and its run stays failed. The reason is kept with it.</p>
        <TextInput
          label="Reason"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={500}
          data-autofocus
        />
      </div>
    </Confirm>
  );
}
