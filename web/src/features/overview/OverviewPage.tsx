// How the workspace stands: what runs, what waits, what failed, what it costs; what needs attention; the latest runs.

import { SegmentedControl } from '@mantine/core';
import { CircleDashed, CircleX, Clock, LoaderCircle, PackageX } from 'lucide-react';
import { Chart } from '@/components/Chart';
import { type Column, DataTable } from '@/components/DataTable';
import { Link, useGo } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Tile, Tiles } from '@/components/Tile';
import { Ago, Duration, Money } from '@/components/Values';
import { formatCount, formatDuration, formatMoney } from '@/lib/format';
import { oneOf, searchParams, useSearchParams } from '@/lib/search';
import { sayAttention } from './attention';
import classes from './Overview.module.css';
import { type Overview, useOverview, windows } from './queries';

const search = searchParams({ window: oneOf(windows, '1h') });
type Window = (typeof windows)[number];

export default function OverviewPage() {
  const [values, set] = useSearchParams(search);
  const window = values.window as Window;
  const overview = useOverview(window);
  return (
    <Page
      title="Overview"
      ready={!overview.isPending}
      actions={
        <SegmentedControl
          aria-label="Time shown"
          value={window}
          onChange={(value) => set({ window: value as Window })}
          data={[
            { value: '1h', label: 'Last hour' },
            { value: '24h', label: 'Last day' },
          ]}
        />
      }
    >
      <Loaded query={overview} what="The overview">
        {(found) => (
          <>
            <StateTiles overview={found} window={window} />
            <div className={classes.charts}>
              <Charts overview={found} />
            </div>
            <div className={classes.lists}>
              <NeedsAttention overview={found} />
              <LatestRuns overview={found} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function StateTiles({ overview, window }: { overview: Overview; window: Window }) {
  const { tiles } = overview;
  // Beyond a bound the server stops counting.
  const count = (value: number, bounded = true) =>
    bounded && value >= tiles.at_most ? `${formatCount(tiles.at_most)}+` : value.toLocaleString('en-US');
  const since = window === '1h' ? 'in the last hour' : 'in the last day';
  return (
    <Tiles>
      <Tile
        label="Running"
        icon={LoaderCircle}
        colour="var(--state-running)"
        value={count(tiles.running, false)}
        target={{ to: '/runs', search: { status: 'running' } }}
      />
      <Tile
        label="Queued"
        icon={CircleDashed}
        colour="var(--state-queued)"
        value={count(tiles.queued)}
        target={{ to: '/runs', search: { status: 'queued' } }}
      />
      <Tile
        label="Waiting"
        icon={Clock}
        colour="var(--state-waiting)"
        value={count(tiles.waiting)}
        delta={tiles.paused > 0 ? `${count(tiles.paused)} paused` : undefined}
        target={{ to: '/runs', search: { status: 'waiting' } }}
      />
      <Tile
        label="Failed"
        icon={CircleX}
        colour="var(--state-failed)"
        value={count(tiles.failed, false)}
        delta={since}
        target={{ to: '/runs', search: { status: 'failed', from: overview.from } }}
      />
      <Tile
        label="Dead letters"
        icon={PackageX}
        colour="var(--state-failed)"
        value={count(tiles.dead_letters)}
        delta={tiles.unknown_steps > 0 ? `${count(tiles.unknown_steps)} unknown` : undefined}
        target={{ to: '/dead-letters' }}
      />
    </Tiles>
  );
}

const seconds = (at: string) => Date.parse(at) / 1000;

function Charts({ overview }: { overview: Overview }) {
  const { runs, steps, spend } = overview;
  const times = runs.buckets.map((bucket) => seconds(bucket.at));
  const of = (...statuses: string[]) =>
    runs.buckets.map((bucket) => statuses.reduce((sum, status) => sum + (bucket.counts[status] ?? 0), 0));
  const spent = spend?.buckets ?? [];
  const spendTimes = spent.map((bucket) => seconds(bucket.at ?? ''));
  return (
    <>
      <Chart
        title="Runs"
        kind="stacked"
        times={times}
        format={formatCount}
        series={[
          { label: 'succeeded', colour: '--state-succeeded', values: of('succeeded') },
          { label: 'failed', colour: '--state-failed', values: of('failed', 'timed_out') },
          { label: 'not ended', colour: '--state-running', values: of('queued', 'running', 'waiting', 'paused') },
          { label: 'cancelled', colour: '--state-queued', values: of('cancelled') },
        ]}
      />
      {steps?.buckets && (
        <Chart
          title="Time of steps that call something"
          times={steps.buckets.map((bucket) => seconds(bucket.at))}
          format={formatDuration}
          series={[
            { label: 'half of them within', values: steps.buckets.map((bucket) => bucket.p50_ms) },
            { label: '95 % within', values: steps.buckets.map((bucket) => bucket.p95_ms) },
          ]}
        />
      )}
      {spend && (
        <Chart
          title="Tokens"
          kind="stacked"
          times={spendTimes}
          format={formatCount}
          series={[
            { label: 'in', values: spent.map((bucket) => bucket.input_tokens ?? 0) },
            { label: 'out', values: spent.map((bucket) => bucket.output_tokens ?? 0) },
          ]}
        />
      )}
      {spend && (
        <Chart
          title="Spend"
          kind="bars"
          times={spendTimes}
          format={formatMoney}
          series={[{ label: 'US dollars', values: spent.map((bucket) => Number(bucket.cost_usd ?? 0)) }]}
        />
      )}
    </>
  );
}

function NeedsAttention({ overview }: { overview: Overview }) {
  const said = overview.attention.map(sayAttention).filter((one) => one !== undefined);
  return (
    <Panel title="Needs attention" flush>
      {said.length === 0 ? (
        <Empty>Nothing: no flow fails, no queue stands, no budget is near its limit.</Empty>
      ) : (
        <ul className={classes.attention}>
          {said.map((item) => (
            <li key={item.text}>
              <StatusMark status={item.status} bare />
              <Link {...item.target}>{item.text}</Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

type Run = Overview['latest_runs'][number];
const runColumns: Column<Run>[] = [
  {
    key: 'flow',
    title: 'Flow',
    render: (run) => (
      <Link to="/runs/$id" params={{ id: run.id }}>
        {run.flow.name}
      </Link>
    ),
    card: 'title',
  },
  { key: 'status', title: 'Status', width: 120, render: (run) => <StatusMark status={run.status} />, card: 'mark' },
  { key: 'created', title: 'Created', width: 110, render: (run) => <Ago time={run.created_at} /> },
  {
    key: 'took',
    title: 'Duration',
    width: 90,
    align: 'right',
    render: (run) => <Duration from={run.started_at} to={run.finished_at} />,
  },
  {
    key: 'cost',
    title: 'Cost',
    width: 90,
    align: 'right',
    below: 1280,
    render: (run) => <Money usd={run.totals?.cost_usd} />,
  },
];

function LatestRuns({ overview }: { overview: Overview }) {
  const go = useGo();
  return (
    <Panel title="Latest runs" flush>
      {overview.latest_runs.length === 0 ? (
        <Empty command="sluice run FLOW.json">
          No run yet: each is started from one of the <Link to="/flows">flows</Link>.
        </Empty>
      ) : (
        <DataTable
          label="Latest runs"
          rows={overview.latest_runs}
          rowKey={(run) => run.id}
          columns={runColumns}
          onOpen={(run) => go({ to: '/runs/$id', params: { id: run.id } })}
        />
      )}
    </Panel>
  );
}
