// What happened in the workspace, newest first, as webhooks and streams tell it. New events are announced by a bar; rows never jump.

import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Column } from '@/components/DataTable';
import { JsonView } from '@/components/data/JsonView';
import { FilterBar, FilterText } from '@/components/FilterBar';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { RunLink } from '@/components/RunLink';
import { Sheet } from '@/components/Sheet';
import { Empty, Loaded } from '@/components/States';
import { Ago, Id } from '@/components/Values';
import { formatNumber, formatTime } from '@/lib/format';
import { useLive } from '@/lib/live';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { type Event, useEvent, useEvents } from './queries';

const search = searchParams({ type: text(), event: text() });

const columns: Column<Event>[] = [
  { key: 'number', title: 'Number', width: 90, align: 'right', render: (event) => event.sequence },
  { key: 'type', title: 'Type', render: (event) => <span className="mono">{event.type}</span>, card: 'title' },
  { key: 'subject', title: 'About', render: (event) => <Subject event={event} /> },
  { key: 'time', title: 'When', width: 120, render: (event) => <Ago time={event.time} /> },
];

function Subject({ event }: { event: Event }) {
  const subject = event.subject ?? '';
  if (/(^|\/)run_[0-9a-z]+$/.test(subject)) {
    return <RunLink id={subject.slice(subject.lastIndexOf('run_'))} />;
  }
  return subject ? <Id id={subject} /> : null;
}

export default function EventsPage() {
  const [values, set] = useSearchParams(search);
  const client = useQueryClient();
  const events = useEvents();
  const [told, setTold] = useState<number[]>([]);
  // From the newest that the list has: each later one is counted once, also over a break of the connection.
  const newest = events.items[0]?.sequence;
  const fresh = told.filter((number) => number > Number(newest ?? 0)).length;
  useLive(
    events.isPending ? '' : 'events',
    (changes) => {
      if (changes.some((change) => change.type === 'resync'))
        void client.invalidateQueries({ queryKey: ['events', 'list'] });
      else setTold((old) => [...old, ...changes.flatMap((change) => change.id ?? [])]);
    },
    newest === undefined ? undefined : Number(newest),
  );
  const shown = values.type ? events.items.filter((event) => event.type.includes(values.type)) : events.items;
  const show = () => {
    setTold([]);
    void client.resetQueries({ queryKey: ['events', 'list'] });
  };
  return (
    <Page
      title="Events"
      ready={!events.isPending}
      actions={
        fresh > 0 && (
          <Button variant="filled" onClick={show}>
            Show {formatNumber(fresh, 'new event')}
          </Button>
        )
      }
      aside={
        values.event ? (
          <Sheet title={`Event ${values.event}`} onClose={() => set({ event: '' })}>
            <Details key={values.event} number={values.event} />
          </Sheet>
        ) : undefined
      }
    >
      <FilterBar onClear={values.type ? () => set({ type: '' }) : undefined}>
        <FilterText
          value={values.type}
          onChange={(type) => set({ type })}
          placeholder="Type holds, such as run.failed"
        />
      </FilterBar>
      <List
        query={events}
        what="loaded events"
        lines={8}
        onClear={events.items.length > 0 ? () => set({ type: '' }) : undefined}
        empty={
          <Empty>
            Nothing has happened yet. Runs that start and end, budgets that are crossed and more are told here.
          </Empty>
        }
        label="Events"
        rows={shown}
        rowKey={(event) => event.sequence}
        columns={columns}
        active={values.event}
        onOpen={(event) => set({ event: event.sequence }, 'push')}
        more={events.more}
      />
    </Page>
  );
}

function Details({ number }: { number: string }) {
  return (
    <Loaded query={useEvent(number)} what="The event">
      {(event) => (
        <div className="stack">
          <Facts
            facts={[
              [
                'Type',
                <span key="type" className="mono">
                  {event.type}
                </span>,
              ],
              ['About', <Subject key="subject" event={event} />],
              ['When', formatTime(event.time)],
              ['Id', <Id key="id" id={event.id} />],
              [
                'Source',
                <span key="source" className="mono">
                  {event.source}
                </span>,
              ],
            ]}
          />
          <Panel title="Data" flush>
            <JsonView label="Data" value={(event.data ?? null) as never} />
          </Panel>
        </div>
      )}
    </Loaded>
  );
}
