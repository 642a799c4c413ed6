// The server itself: build, loop, writer, storage, disk, backups, key.

import { Button, TextInput } from '@mantine/core';
import { Activity, Cpu, HardDrive, MemoryStick } from 'lucide-react';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Tile, Tiles } from '@/components/Tile';
import { Ago } from '@/components/Values';
import { formatBytes, formatCount, formatDuration, formatShare } from '@/lib/format';
import { type Spread, type SystemState, useBackup, useSystem } from './queries';
import classes from './System.module.css';

export default function SystemPage() {
  const system = useSystem();
  const whyNot = useWhyNot('system:write');
  const [asking, setAsking] = useState(false);
  return (
    <Page
      title="System"
      ready={!system.isPending}
      actions={
        <Button disabled={whyNot !== undefined} title={whyNot} onClick={() => setAsking(true)}>
          Back up now
        </Button>
      }
    >
      <Loaded query={system} what="The state of the server">
        {(state) => (
          <>
            <Overview state={state} />
            <div className={classes.panels}>
              <Loop state={state} />
              <Writer state={state} />
              <Storage state={state} />
              <Engine state={state} />
              <Safety state={state} />
              <Build state={state} />
            </div>
          </>
        )}
      </Loaded>
      <BackupDialog opened={asking} onClose={() => setAsking(false)} />
    </Page>
  );
}

/** "0.3 ms": a figure of a histogram is the most that it can be. */
const time = (us: number) => (us < 1000 ? `${us} µs` : formatDuration(us / 1000));
const spread = (of: Spread | undefined, format: (value: number) => string) =>
  !of || of.count === 0 ? 'nothing measured' : `p50 ${format(of.p50)}, p99 ${format(of.p99)}, most ${format(of.max)}`;

function Overview({ state }: { state: SystemState }) {
  const busy = state.uptime_seconds ? (state.cpu_seconds ?? 0) / state.uptime_seconds : 0;
  const free = state.disk?.free_bytes;
  return (
    <Tiles>
      <Tile
        label="New work"
        icon={Activity}
        value={state.writer?.saturated ? 'refused' : 'accepted'}
        colour={`var(--state-${state.writer?.saturated ? 'failed' : 'succeeded'})`}
        delta={state.writer?.reason ?? undefined}
      />
      <Tile label="Memory" icon={MemoryStick} value={formatBytes(state.memory_bytes ?? 0)} />
      <Tile
        label="Processor"
        icon={Cpu}
        value={formatDuration((state.cpu_seconds ?? 0) * 1000)}
        delta={`${formatShare(busy)} of a core since the start`}
      />
      <Tile
        label="Disk free"
        icon={HardDrive}
        value={free === null || free === undefined ? 'unknown' : formatBytes(free)}
        delta={`new work is refused below ${formatBytes(state.disk?.min_free_bytes ?? 0)}`}
      />
    </Tiles>
  );
}

function Loop({ state }: { state: SystemState }) {
  return (
    <Panel title="Loop and connections">
      <Facts
        facts={[
          ['Loop delay', spread(state.loop?.delay_us, time)],
          ['Connections', (state.http?.connections ?? 0).toLocaleString('en-US')],
          ['Live streams', (state.http?.live_streams ?? 0).toLocaleString('en-US')],
          ['Requests', formatCount(state.http?.requests ?? 0)],
          ['Errors of the server', formatCount(state.http?.errors ?? 0)],
        ]}
      />
    </Panel>
  );
}

function Writer({ state }: { state: SystemState }) {
  return (
    <Panel title="Writer">
      <Facts
        facts={[
          ['Units that wait', (state.writer?.queued ?? 0).toLocaleString('en-US')],
          ['Commit', spread(state.writer?.commit_us, time)],
          ['Units in a commit', spread(state.writer?.batch_units, String)],
          ['Commits', formatCount(state.storage.commits ?? 0)],
          ['Units refused by a rule', formatCount(state.storage.failed_units ?? 0)],
          ['Checkpoints', formatCount(state.storage.checkpoints ?? 0)],
        ]}
      />
    </Panel>
  );
}

function Storage({ state }: { state: SystemState }) {
  const bytes = (name: string) => formatBytes(state.storage[name] ?? 0);
  return (
    <Panel title="Storage">
      <Facts
        facts={[
          ['Database', bytes('database_bytes')],
          ['Of it unused', bytes('unused_bytes')],
          ['Write-ahead log', bytes('wal_bytes')],
          ['Blobs', bytes('blob_bytes')],
          ['Schema', state.schema_version],
        ]}
      />
    </Panel>
  );
}

function Engine({ state }: { state: SystemState }) {
  const count = (name: string) => formatCount(Number(state.engine[name] ?? 0));
  return (
    <Panel title="Runs since the start">
      <Facts
        facts={[
          ['In memory', count('active_runs')],
          ['Steps running', count('running_steps')],
          ['Started', count('started')],
          ['Finished', count('finished')],
          ['Recovered after a stop', count('recovered')],
          ['Queued', count('queued_runs')],
          ['Waiting', count('waiting_runs')],
        ]}
      />
    </Panel>
  );
}

function Safety({ state }: { state: SystemState }) {
  const backup = state.last_backup;
  return (
    <Panel title="Backup and keys">
      <Facts
        facts={[
          ['Last backup', backup ? <Ago key="at" time={backup.created_at} /> : 'none is known'],
          ...(backup
            ? ([
                // Where it is is told to those alone who keep the machine.
                ...(backup.path
                  ? [
                      [
                        'Folder',
                        <span key="path" className="mono">
                          {backup.path}
                        </span>,
                      ],
                    ]
                  : []),
                ['Size', formatBytes((backup.database_bytes ?? 0) + (backup.blob_bytes ?? 0))],
              ] as [string, React.ReactNode][])
            : []),
          [
            'Vault',
            <StatusMark
              key="vault"
              status={state.vault.sealed ? 'error' : 'healthy'}
              word={state.vault.sealed ? 'sealed' : 'open'}
            />,
          ],
          ['Root key from', state.vault.origin?.replace('_', ' ') ?? state.vault.reason ?? 'none'],
        ]}
      />
    </Panel>
  );
}

function Build({ state }: { state: SystemState }) {
  return (
    <Panel title="Build">
      <Facts
        facts={[
          ['Version', state.version],
          ['Address', state.url],
          ['Started', <Ago key="at" time={state.started_at} />],
          ['Providers', state.providers.map((provider) => provider.name).join(', ') || 'none'],
        ]}
      />
    </Panel>
  );
}

function BackupDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const backup = useBackup();
  const [path, setPath] = useState(() => `backup-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, '-')}`);
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Back up the data directory"
      action="Back up now"
      disabled={path.trim() === ''}
      onConfirm={() => backup.mutateAsync(path.trim())}
    >
      <div className="stack">
        <p>
          Database and blobs of one moment are copied and verified while work goes on. The root key is not in it: keep
          the key file apart.
        </p>
        <TextInput
          label="Name of the new folder"
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          data-autofocus
        />
      </div>
    </Confirm>
  );
}
