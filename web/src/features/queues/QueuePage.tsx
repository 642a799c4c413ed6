// One queue: its numbers, who takes up its runs, the runs that have not ended; paused, resumed, drained.

import { Button, NumberInput } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { CircleDashed, Clock, LoaderCircle, Timer } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { Link, useGo } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { RunLink } from '@/components/RunLink';
import { Empty, Loaded, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Tile, Tiles } from '@/components/Tile';
import { Ago, Id } from '@/components/Values';
import { formatWord } from '@/lib/format';
import { oneOf, searchParams, useSearchParams } from '@/lib/search';
import { QueueState } from './QueuesPage';
import {
  type Job,
  jobStates,
  type Queue,
  type QueueSwitch,
  useJobs,
  useQueue,
  useSetWeight,
  useSwitchQueue,
  useWorker,
} from './queries';

const search = searchParams({ state: oneOf(jobStates) });

const columns: Column<Job>[] = [
  {
    key: 'run',
    title: 'Run',
    width: 130,
    render: (job) => <RunLink id={job.run_id} />,
    card: 'title',
  },
  { key: 'flow', title: 'Flow', render: (job) => job.flow.name },
  { key: 'status', title: 'Run is', width: 120, render: (job) => <StatusMark status={job.run_status} />, card: 'mark' },
  { key: 'priority', title: 'Priority', width: 80, align: 'right', render: (job) => job.priority },
  { key: 'ready', title: 'Ready', width: 110, render: (job) => <Ago time={job.ready_at} /> },
  { key: 'wake', title: 'Wakes', width: 110, below: 1280, render: (job) => <Ago time={job.wake_at} /> },
  { key: 'limit', title: 'Limit', width: 130, below: 1280, render: (job) => limitOf(job) },
  { key: 'lease', title: 'Lease', width: 120, below: 1024, render: (job) => (job.lease ? formatWord(job.lease) : '') },
  { key: 'attempts', title: 'Taken up', width: 80, align: 'right', below: 1024, render: (job) => job.attempts ?? 0 },
];

function limitOf(job: Job) {
  if (!job.limit) return '';
  return job.limit.key ? `${job.limit.runs} of ${job.limit.key}` : `${job.limit.runs} at once`;
}

const says: Record<QueueSwitch, { title: string; action: string; text: string }> = {
  pause: {
    title: 'Pause queue',
    action: 'Pause queue',
    text: 'No run of this queue is started until it is resumed. Runs that are under way go on; new ones are accepted and wait.',
  },
  resume: { title: 'Resume queue', action: 'Resume queue', text: 'Queued runs are started again.' },
  drain: {
    title: 'Drain queue',
    action: 'Drain queue',
    text: 'New runs are refused until the queue is resumed. What is queued or under way comes to its end.',
  },
};

export default function QueuePage() {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const queue = useQueue(name);
  const [asking, setAsking] = useState<QueueSwitch>();
  const change = useSwitchQueue(name);
  const stopped = queue.data && (queue.data.paused || queue.data.draining);
  const button = (to: QueueSwitch, label: string) => (
    <Permitted permission="runs:write" disabled={!queue.data} onClick={() => setAsking(to)}>
      {label}
    </Permitted>
  );
  return (
    <Page
      title={`Queue ${name}`}
      above={<Link to="/queues">Queues</Link>}
      mark={queue.data && <QueueState queue={queue.data} />}
      ready={!queue.isPending}
      actions={
        <>
          {stopped ? button('resume', 'Resume') : button('pause', 'Pause')}
          {!queue.data?.draining && button('drain', 'Drain')}
        </>
      }
    >
      <Loaded query={queue} what="The queue">
        {(found) => (
          <>
            <Tiles>
              <Tile
                label="Queued"
                icon={CircleDashed}
                colour="var(--state-queued)"
                value={count(found.queued)}
                delta={oldest(found)}
              />
              <Tile label="Running" icon={LoaderCircle} colour="var(--state-running)" value={count(found.running)} />
              <Tile label="Waiting" icon={Clock} colour="var(--state-waiting)" value={count(found.waiting)} />
              <Tile label="Delayed" icon={Timer} value={count(found.delayed)} />
            </Tiles>
            <Worker name={name} queue={found} />
            <Jobs name={name} />
          </>
        )}
      </Loaded>
      <Confirm
        opened={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={says[asking ?? 'pause'].title}
        action={says[asking ?? 'pause'].action}
        onConfirm={() => change.mutateAsync(asking ?? 'pause')}
      >
        {says[asking ?? 'pause'].text}
      </Confirm>
    </Page>
  );
}

const count = (value: number | undefined) => (value ?? 0).toLocaleString('en-US');

function oldest(queue: Queue) {
  return queue.oldest_ready_at ? (
    <>
      oldest ready <Ago time={queue.oldest_ready_at} />
    </>
  ) : (
    'none is ready'
  );
}

function Jobs({ name }: { name: string }) {
  const [values, set] = useSearchParams(search);
  const jobs = useJobs(name, values.state);
  const go = useGo();
  return (
    <>
      <FilterBar onClear={values.state ? () => set({ state: '' }) : undefined}>
        <FilterChoice
          label="State"
          one
          options={jobStates}
          value={values.state ? [values.state] : []}
          onChange={([state]) => set({ state: state ?? '' })}
        />
      </FilterBar>
      <List
        query={jobs}
        what="runs"
        title="Runs that have not ended"
        onClear={values.state && !jobs.more.there ? () => set({ state: '' }) : undefined}
        empty={<Empty>No run is queued, under way or waiting.</Empty>}
        label="Runs that have not ended"
        rows={jobs.items}
        rowKey={(job) => job.run_id}
        columns={columns}
        more={jobs.more}
        onOpen={(job) => go({ to: '/runs/$id', params: { id: job.run_id } })}
      />
    </>
  );
}

function Worker({ name, queue }: { name: string; queue: Queue }) {
  const worker = useWorker(name);
  const mayWeigh = useMay('system:write');
  const setWeight = useSetWeight(name);
  const [weight, setTyped] = useState(queue.weight ?? 1);
  return (
    <Panel title="Who takes up its runs">
      <Loaded query={worker} what="The lease" shape={<Loading rows={1} />}>
        {(lease) => (
          <Facts
            facts={[
              ...(lease
                ? ([
                    ['Process', <Id key="id" id={lease.id ?? ''} />],
                    ['Since', <Ago key="since" time={lease.started_at} />],
                    ['Last heartbeat', <Ago key="beat" time={lease.heartbeat_at} />],
                  ] as [string, React.ReactNode][])
                : ([['Process', 'None holds a lease: runs are not taken up.']] as [string, React.ReactNode][])),
              [
                'Weight',
                mayWeigh ? (
                  <form
                    key="weight"
                    className="row"
                    onSubmit={(event) => {
                      event.preventDefault();
                      setWeight.mutate(weight);
                    }}
                  >
                    <NumberInput
                      aria-label="Weight: runs that the workspace starts in its turn"
                      min={1}
                      max={100}
                      allowDecimal={false}
                      value={weight}
                      onChange={(value) => typeof value === 'number' && setTyped(value)}
                      w={90}
                    />
                    <Button type="submit" loading={setWeight.isPending} disabled={weight === (queue.weight ?? 1)}>
                      Set weight
                    </Button>
                  </form>
                ) : (
                  (queue.weight ?? 1)
                ),
              ],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
