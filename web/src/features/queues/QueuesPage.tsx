// The queues of the workspace: how much waits, since when, and whether it is taken up.

import type { Column } from '@/components/DataTable';
import { Link, useGo } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Empty } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { type Queue, useQueues } from './queries';

export function QueueState({ queue }: { queue: Queue }) {
  if (queue.draining) return <StatusMark status="draining" />;
  if (queue.paused) return <StatusMark status="paused" />;
  return <StatusMark status="active" />;
}

const columns: Column<Queue>[] = [
  {
    key: 'name',
    title: 'Queue',
    render: (queue) => (
      <Link to="/queues/$name" params={{ name: queue.name }}>
        {queue.name}
      </Link>
    ),
    card: 'title',
  },
  { key: 'state', title: 'State', width: 120, render: (queue) => <QueueState queue={queue} />, card: 'mark' },
  { key: 'queued', title: 'Queued', width: 100, align: 'right', render: (queue) => count(queue.queued) },
  {
    key: 'oldest',
    title: 'Oldest ready',
    width: 130,
    render: (queue) => <Ago time={queue.oldest_ready_at} empty="none" />,
  },
  { key: 'running', title: 'Running', width: 100, align: 'right', render: (queue) => count(queue.running) },
  { key: 'waiting', title: 'Waiting', width: 100, align: 'right', render: (queue) => count(queue.waiting) },
  {
    key: 'delayed',
    title: 'Delayed',
    width: 100,
    align: 'right',
    below: 1024,
    render: (queue) => count(queue.delayed),
  },
  { key: 'weight', title: 'Weight', width: 90, align: 'right', below: 1024, render: (queue) => queue.weight ?? 1 },
];

const count = (value: number | undefined) => (value ?? 0).toLocaleString('en-US');

export default function QueuesPage() {
  const queues = useQueues();
  const go = useGo();
  return (
    <Page title="Queues" ready={!queues.isPending}>
      <List
        query={queues}
        what="queues"
        lines={3}
        empty={<Empty command="sluice queues list">This workspace has no queue yet.</Empty>}
        label="Queues"
        rows={queues.data?.items ?? []}
        rowKey={(queue) => queue.name}
        columns={columns}
        onOpen={(queue) => go({ to: '/queues/$name', params: { name: queue.name } })}
      />
    </Page>
  );
}
