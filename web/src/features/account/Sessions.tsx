import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { Confirm } from '@/components/Confirm';
import { type Column, DataTable } from '@/components/DataTable';
import { Panel } from '@/components/Panel';
import { Loaded } from '@/components/States';
import { Ago } from '@/components/Values';
import { useEndOtherSessions, useEndSession, useSessions } from './queries';

type Session = Schemas['PersonSession'];

/** "Chrome on Linux" of a User-Agent; what is no browser keeps its own name. */
export function describeClient(client: string): string {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(client)?.[1];
  if (!browser) return client;
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser;
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux)/.exec(client)?.[1];
  return system ? `${name} on ${system.replace('Mac OS X', 'macOS').replace('CrOS', 'ChromeOS')}` : name;
}

export function Sessions() {
  const sessions = useSessions();
  const end = useEndSession();
  const endOthers = useEndOtherSessions();
  const [asked, setAsked] = useState<Session | 'others'>();
  const columns: Column<Session>[] = [
    {
      key: 'client',
      title: 'Browser or program',
      card: 'title',
      render: (session) => <span title={session.client}>{describeClient(session.client)}</span>,
    },
    { key: 'address', title: 'Address', width: 140, render: (session) => session.address },
    { key: 'created', title: 'Signed in', width: 120, render: (session) => <Ago time={session.created_at} /> },
    { key: 'used', title: 'Last used', width: 120, render: (session) => <Ago time={session.last_used_at} /> },
    {
      key: 'end',
      title: '',
      width: 130,
      align: 'right',
      card: 'mark',
      render: (session) =>
        session.current ? (
          <span className="quiet">this one</span>
        ) : (
          <Button size="xs" onClick={() => setAsked(session)}>
            End session
          </Button>
        ),
    },
  ];
  return (
    <Loaded query={sessions} what="The list of sessions">
      {({ items }) => (
        <Panel
          title="Sessions"
          flush
          actions={
            items.length > 1 && (
              <Button size="xs" onClick={() => setAsked('others')}>
                End all others
              </Button>
            )
          }
        >
          <DataTable label="Sessions" rows={items} rowKey={(session) => session.id} columns={columns} withoutKeys />
          <Confirm
            opened={asked !== undefined}
            onClose={() => setAsked(undefined)}
            title={asked === 'others' ? 'End all other sessions?' : 'End this session?'}
            action={asked === 'others' ? 'End all others' : 'End session'}
            danger
            onConfirm={() => (asked === 'others' ? endOthers.mutateAsync() : end.mutateAsync(asked!.id))}
          >
            It is signed out at once; what it started goes on.
          </Confirm>
        </Panel>
      )}
    </Loaded>
  );
}
