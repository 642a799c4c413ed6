// What can be done to a run: buttons by its state, and for each a dialog that says what will happen.

import { Button, Menu, Tooltip } from '@mantine/core';
import { Ellipsis } from 'lucide-react';
import { useMay, useWhyNot } from '@/api/session';
import { copyText } from '@/components/data/copy';
import { useWorkspaceName } from '@/components/Link';
import { CompareDialog } from './CompareDialog';
import { CancelDialog, DecideDialog, PauseDialog, ReplayDialog, RetryDialog, SignalDialog } from './Dialogs';
import { type Run, runHasEnded, useRunActions } from './queries';
import { RerunDialog } from './RerunDialog';
import type { Model } from './useModel';

export type Asks =
  | { what: 'cancel' | 'pause' | 'resume' | 'retry' | 'replay' | 'compare' }
  | { what: 'rerun'; from: string }
  | { what: 'signal'; name: string; key: string }
  | { what: 'decide'; path: string };

const retried: ReadonlySet<string> = new Set(['failed', 'timed_out', 'cancelled']);

export function RunButtons({ run, onAsk }: { run: Run; onAsk: (asks: Asks) => void }) {
  const mayNot = useWhyNot('runs:write');
  const mayRead = useMay('runs:read');
  const workspace = useWorkspaceName();
  const ended = runHasEnded(run.status);
  const button = (label: string, asks: Asks, variant?: 'filled') => (
    <Tooltip key={label} label={mayNot} disabled={!mayNot}>
      <Button variant={variant} data-disabled={mayNot ? true : undefined} onClick={() => !mayNot && onAsk(asks)}>
        {label}
      </Button>
    </Tooltip>
  );
  return (
    <>
      {retried.has(run.status) && button('Retry run', { what: 'retry' }, 'filled')}
      {button('Run again', { what: 'rerun', from: '' })}
      {run.status === 'paused'
        ? button('Resume run', { what: 'resume' }, 'filled')
        : !ended && button('Pause run', { what: 'pause' })}
      {!ended && button('Cancel run', { what: 'cancel' })}
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button aria-label="More actions" px={8}>
            <Ellipsis size={16} aria-hidden />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!ended && (
            <Menu.Item disabled={mayNot !== undefined} onClick={() => onAsk({ what: 'signal', name: '', key: '' })}>
              Send a signal
            </Menu.Item>
          )}
          <Menu.Item disabled={!mayRead} onClick={() => onAsk({ what: 'compare' })}>
            Compare with another run
          </Menu.Item>
          <Menu.Item disabled={!mayRead} onClick={() => onAsk({ what: 'replay' })}>
            Check against the journal
          </Menu.Item>
          <Menu.Item onClick={() => void copyText(`${location.origin}/w/${workspace}/runs/${run.id}`)}>
            Copy link to run
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

interface AskingProps {
  model: Model;
  asks: Asks;
  onClose: () => void;
}

export function Asking({ model, asks, onClose }: AskingProps) {
  const run = model.run.data!;
  const actions = useRunActions(run.id);
  const own = { run, actions, onClose };
  switch (asks.what) {
    case 'cancel':
      return <CancelDialog {...own} />;
    case 'pause':
    case 'resume':
      return <PauseDialog {...own} resume={asks.what === 'resume'} />;
    case 'retry':
      return <RetryDialog {...own} tree={model.tree} />;
    case 'replay':
      return <ReplayDialog {...own} />;
    case 'compare':
      return <CompareDialog run={run} onClose={onClose} />;
    case 'rerun':
      return <RerunDialog {...own} model={model} from={asks.from} />;
    case 'signal':
      return <SignalDialog {...own} name={asks.name} signalKey={asks.key} />;
    case 'decide':
      return <DecideDialog {...own} path={asks.path} />;
  }
}
