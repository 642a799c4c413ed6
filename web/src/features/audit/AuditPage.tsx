// Who did what, when, from where, with which outcome; before and after; exported; verified.

import { Button } from '@mantine/core';
import { Download, ShieldCheck } from 'lucide-react';
import { downloadUrl } from '@/api/client';
import type { Column } from '@/components/DataTable';
import { DiffView } from '@/components/data/DiffView';
import type { Json } from '@/components/data/json';
import { FilterBar, FilterChoice, FilterText } from '@/components/FilterBar';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Sheet } from '@/components/Sheet';
import { Empty, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { kindOfWho } from '@/components/say_who';
import { Ago } from '@/components/Values';
import { useWho, Who } from '@/components/Who';
import { formatNumber, formatTime, formatWord } from '@/lib/format';
import { isFiltered, oneOf, searchParams, text, time, useSearchParams } from '@/lib/search';
import { type AuditEntry, type AuditFilter, outcomes, useAudit, useVerify } from './queries';

const search = searchParams({
  action: text(),
  actor: text(),
  target: text(),
  outcome: oneOf(outcomes),
  since: time(),
  until: time(),
  entry: text(),
});
const names = ['action', 'actor', 'target', 'outcome', 'since', 'until'] as const;
const marks: Record<string, string> = { done: 'done', denied: 'denied', failed: 'failed' };

const columns: Column<AuditEntry>[] = [
  { key: 'seq', title: 'Entry', width: 80, align: 'right', render: (entry) => entry.seq },
  { key: 'at', title: 'When', width: 110, render: (entry) => <Ago time={entry.at} /> },
  { key: 'actor', title: 'Who', render: (entry) => <Who id={actorOf(entry)} /> },
  { key: 'action', title: 'Action', render: (entry) => <span className="mono">{entry.action}</span>, card: 'title' },
  { key: 'target', title: 'Object', render: (entry) => <span className="mono">{entry.target}</span> },
  {
    key: 'outcome',
    title: 'Outcome',
    width: 100,
    render: (entry) => <StatusMark status={marks[entry.outcome ?? ''] ?? 'unknown'} word={entry.outcome} />,
    card: 'mark',
  },
  { key: 'address', title: 'From', width: 130, below: 1280, render: (entry) => entry.address },
];

const actorOf = (entry: AuditEntry) => entry.actor?.name || entry.actor?.id || entry.actor?.kind || '';

export default function AuditPage() {
  const [values, set] = useSearchParams(search);
  const filter = Object.fromEntries(
    names.filter((name) => values[name]).map((name) => [name, values[name]]),
  ) as AuditFilter;
  const audit = useAudit(filter);
  const verify = useVerify();
  const say = useWho([kindOfWho(values.actor), kindOfWho(values.target)]);
  const filtered = isFiltered(search, values, [...names]);
  const clear = () => set(Object.fromEntries(names.map((name) => [name, ''])));
  const open = audit.items.find((entry) => String(entry.seq) === values.entry);
  const download = (format: string) => (
    <Button
      component="a"
      href={downloadUrl('/api/v1/audit/export', { ...(filter as Record<string, string>), format })}
      download={`audit.${format}`}
      leftSection={<Download size={14} aria-hidden />}
    >
      {format.toUpperCase()}
    </Button>
  );
  return (
    <Page
      title="Audit"
      ready={!audit.isPending}
      actions={
        <>
          {download('jsonl')}
          {download('csv')}
          <Button
            leftSection={<ShieldCheck size={14} aria-hidden />}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            Verify the chain
          </Button>
        </>
      }
      aside={
        open ? (
          <Sheet title={`Entry ${open.seq}`} onClose={() => set({ entry: '' })} width={520}>
            <Entry entry={open} onFilter={set} />
          </Sheet>
        ) : undefined
      }
    >
      {verify.data && (
        <Panel>
          <div role="status">
            <StatusMark
              status={verify.data.sound ? 'healthy' : 'failed'}
              word={
                verify.data.sound
                  ? `The chain is whole: ${formatNumber(verify.data.checked ?? 0, 'entry', 'entries')} checked, ${formatNumber(verify.data.checkpoints ?? 0, 'signed checkpoint')}`
                  : `The chain is broken at entry ${verify.data.broken_seq}: ${verify.data.what}`
              }
            />
          </div>
        </Panel>
      )}
      <ProblemText error={verify.error} />
      <FilterBar onClear={filtered ? clear : undefined}>
        <FilterText
          value={values.action}
          onChange={(action) => set({ action })}
          placeholder="Action, such as flows.*"
        />
        <FilterChoice
          label="Outcome"
          one
          options={outcomes}
          value={values.outcome ? [values.outcome] : []}
          onChange={([outcome]) => set({ outcome: outcome ?? '' })}
        />
        {(['actor', 'target'] as const)
          .filter((name) => values[name])
          .map((name) => (
            <Button key={name} onClick={() => set({ [name]: '' })} aria-label={`Any ${name}`}>
              {name}: {say(values[name])}
            </Button>
          ))}
      </FilterBar>
      <List
        query={audit}
        what="entries"
        lines={8}
        onClear={filtered ? clear : undefined}
        empty={<Empty command="sluice audit list">Nothing was recorded yet.</Empty>}
        label="Audit entries"
        rows={audit.items}
        rowKey={(entry) => String(entry.seq)}
        columns={columns}
        active={values.entry}
        onOpen={(entry) => set({ entry: String(entry.seq) }, 'push')}
        more={audit.more}
      />
    </Page>
  );
}

function Entry({
  entry,
  onFilter,
}: {
  entry: AuditEntry;
  onFilter: (change: { actor?: string; target?: string }) => void;
}) {
  const before = (entry.before ?? undefined) as Json | undefined;
  const after = (entry.after ?? undefined) as Json | undefined;
  return (
    <div className="stack">
      <Facts
        facts={[
          [
            'Action',
            <span key="action" className="mono">
              {entry.action}
            </span>,
          ],
          ['Outcome', entry.outcome],
          ['When', formatTime(entry.at ?? '')],
          [
            'Who',
            <span key="who">
              <Who id={actorOf(entry)} /> <span className="quiet">{formatWord(entry.actor?.kind ?? '')}</span>
            </span>,
          ],
          [
            'Object',
            <span key="target" className="mono">
              {entry.target}
            </span>,
          ],
          ['From', entry.address],
          ['Reason', entry.reason],
          [
            'Request',
            <span key="request" className="mono">
              {entry.request_id}
            </span>,
          ],
        ]}
      />
      <div className="row wrap">
        {entry.actor?.id && <Button onClick={() => onFilter({ actor: entry.actor?.id })}>All of this actor</Button>}
        {entry.target && <Button onClick={() => onFilter({ target: entry.target })}>All about this object</Button>}
      </div>
      {(before !== undefined || after !== undefined) && (
        <Panel title="Before and after" flush>
          <DiffView kind="json" before={before} after={after} />
        </Panel>
      )}
    </div>
  );
}
