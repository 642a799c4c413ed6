// The queues of the workspace: how much waits, since when, and whether it is taken up.

import { type Column, DataTable } from '@/components/DataTable';
import { Link, useGo } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, Loading } from '@/components/States';
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
  const items = queues.data?.items ?? [];
  return (
    <Page title="Queues" ready={!queues.isPending}>
      <Panel flush>
        {queues.isPending ? (
          <Loading rows={3} />
        ) : queues.isError ? (
          <Failed error={queues.error} what="The list of queues" onRetry={() => void queues.refetch()} />
        ) : items.length > 0 ? (
          <DataTable
            label="Queues"
            rows={items}
            rowKey={(queue) => queue.name}
            columns={columns}
            onOpen={(queue) => go({ to: '/queues/$name', params: { name: queue.name } })}
          />
        ) : (
          <Empty command="sluice queues list">This workspace has no queue yet.</Empty>
        )}
      </Panel>
    </Page>
  );
}
