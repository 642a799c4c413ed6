// What failed for good, or ended unknown: grouped by what went wrong, or one by one; redriven or discarded.

import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { Column } from '@/components/DataTable';
import { FilterBar, FilterChoice, FilterText } from '@/components/FilterBar';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Permitted } from '@/components/Permitted';
import { RunLink } from '@/components/RunLink';
import { Sheet } from '@/components/Sheet';
import { Empty } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { formatNumber } from '@/lib/format';
import { isFiltered, oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { LetterDetail } from './LetterDetail';
import {
  type DeadLetter,
  type LetterFilter,
  type LetterGroup,
  letterStates,
  useLetterGroups,
  useLetters,
} from './queries';
import { RedriveMany } from './RedriveMany';

const search = searchParams({
  state: oneOf(letterStates, 'open'),
  flow: text(),
  code: text(),
  by: oneOf(['error', 'letter'], 'error'),
  letter: text(),
});

const letterColumns: Column<DeadLetter>[] = [
  { key: 'step', title: 'Step', render: (letter) => <span className="mono">{letter.step}</span>, card: 'title' },
  { key: 'flow', title: 'Flow', render: (letter) => letter.flow.name },
  { key: 'cause', title: 'Cause', width: 100, render: (letter) => <StatusMark status={letter.cause} />, card: 'mark' },
  { key: 'error', title: 'Error', render: (letter) => <span className="error">{letter.error?.message}</span> },
  { key: 'run', title: 'Run', width: 120, below: 1024, render: (letter) => <RunLink id={letter.run_id} /> },
  { key: 'attempts', title: 'Attempts', width: 80, align: 'right', below: 1280, render: (letter) => letter.attempts },
  { key: 'created', title: 'Since', width: 110, render: (letter) => <Ago time={letter.created_at} /> },
];

export default function DeadLettersPage() {
  const [values, set] = useSearchParams(search);
  const [many, setMany] = useState<LetterFilter>();
  const filter: LetterFilter = { state: values.state, flow: values.flow, code: values.code };
  const grouped = values.by === 'error';
  const letters = useLetters(filter, !grouped);
  const groups = useLetterGroups(filter, grouped);
  const shown = grouped ? groups : letters;
  const filtered = isFiltered(search, values, ['state', 'flow', 'code']);
  const clear = () => set({ state: 'open', flow: '', code: '' });
  const there = grouped ? (groups.data?.items.length ?? 0) > 0 : letters.items.length > 0;
  const count = groups.data?.items.reduce((sum, group) => sum + group.count, 0);

  const groupColumns: Column<LetterGroup>[] = [
    {
      key: 'code',
      title: 'Error',
      width: 150,
      render: (group) => <span className="mono">{group.code}</span>,
      card: 'title',
    },
    {
      key: 'message',
      title: 'Message of the newest',
      render: (group) => <span className="error">{group.message}</span>,
    },
    { key: 'where', title: 'Where', render: (group) => `${group.flow.name} / ${group.step}` },
    {
      key: 'count',
      title: 'Letters',
      width: 80,
      align: 'right',
      render: (group) => group.count.toLocaleString('en-US'),
      card: 'mark',
    },
    { key: 'first', title: 'First', width: 110, below: 1280, render: (group) => <Ago time={group.first_at} /> },
    { key: 'last', title: 'Last', width: 110, render: (group) => <Ago time={group.last_at} /> },
    {
      key: 'act',
      title: '',
      width: 110,
      render: (group) => (
        <Permitted
          permission="runs:write"
          size="compact-xs"
          disabled={values.state !== 'open'}
          onClick={() => setMany({ state: 'open', ...(group.filter as LetterFilter) })}
        >
          Redrive
        </Permitted>
      ),
    },
  ];

  const none = (
    <Empty command="sluice dead-letters list">
      No dead letter is open: every step that failed was retried, handled or decided.
    </Empty>
  );
  return (
    <Page
      title="Dead letters"
      ready={!shown.isPending}
      actions={
        <Permitted permission="runs:write" disabled={values.state !== 'open' || !there} onClick={() => setMany(filter)}>
          Redrive by filter
        </Permitted>
      }
      aside={
        values.letter ? (
          <Sheet title="Dead letter" onClose={() => set({ letter: '' })}>
            <LetterDetail key={values.letter} id={values.letter} />
          </Sheet>
        ) : undefined
      }
    >
      <FilterBar
        onClear={filtered ? clear : undefined}
        right={
          <SegmentedControl
            aria-label="Shown by"
            value={values.by}
            onChange={(by) => set({ by: by as 'error' | 'letter' })}
            data={[
              { value: 'error', label: 'By error' },
              { value: 'letter', label: 'Each letter' },
            ]}
          />
        }
      >
        <FilterText value={values.code} onChange={(code) => set({ code })} placeholder="Error code" />
        <FilterChoice
          label="State"
          one
          options={letterStates}
          value={[values.state as (typeof letterStates)[number]]}
          onChange={([state]) => set({ state: state ?? 'open' })}
        />
      </FilterBar>
      {grouped ? (
        <List
          query={groups}
          what="dead letters"
          title={count ? formatNumber(count, 'letter') : 'Letters'}
          lines={8}
          onClear={filtered ? clear : undefined}
          empty={none}
          label="Dead letters by error"
          rows={groups.data?.items ?? []}
          rowKey={(group) => group.newest_id}
          columns={groupColumns}
          onOpen={(group) => set({ by: 'letter', flow: group.flow?.id ?? '', code: group.code }, 'push')}
        />
      ) : (
        <List
          query={letters}
          what="dead letters"
          lines={8}
          onClear={filtered ? clear : undefined}
          empty={none}
          label="Dead letters"
          rows={letters.items}
          rowKey={(letter) => letter.id}
          columns={letterColumns}
          active={values.letter}
          onOpen={(letter) => set({ letter: letter.id }, 'push')}
          more={letters.more}
        />
      )}
      {groups.data && !groups.data.complete && grouped && (
        <p className="meta">The newest 10,000 letters are grouped; there are older ones.</p>
      )}
      <RedriveMany filter={many} onClose={() => setMany(undefined)} />
    </Page>
  );
}
