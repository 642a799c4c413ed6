// What calls of models cost: over time, by any dimension, call by call, and as CSV.

import { Button, SegmentedControl } from '@mantine/core';
import { Download } from 'lucide-react';
import { useMemo } from 'react';
import { downloadUrl } from '@/api/client';
import { Chart } from '@/components/Chart';
import type { Column } from '@/components/DataTable';
import { JsonView } from '@/components/data/JsonView';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { Link } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Sheet } from '@/components/Sheet';
import { Empty, Failed, Loaded } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { kindOfWho } from '@/components/say_who';
import { Tile, Tiles } from '@/components/Tile';
import { Ago, Id, Money, Tokens } from '@/components/Values';
import { useWho, Who } from '@/components/Who';
import { formatCount, formatMoney, formatTime, formatWord } from '@/lib/format';
import { isFiltered, oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { fillGaps, type Period, partOf, periods, sayDuration, startOf } from './period';
import {
  type Dimension,
  dimensions,
  type SpendFilter,
  type SpendRow,
  type SpendSum,
  useSpendBy,
  useSpendRow,
  useSpendRows,
} from './queries';

const statuses = ['ok', 'failed', 'aborted', 'unknown', 'cached', 'refused'] as const;
const names = ['project', 'flow', 'agent', 'model', 'provider', 'api_key', 'user', 'run'] as const;
const search = searchParams({
  period: oneOf(periods, '30d'),
  by: oneOf(dimensions, 'model'),
  status: oneOf(statuses),
  project: text(),
  flow: text(),
  agent: text(),
  model: text(),
  provider: text(),
  api_key: text(),
  user: text(),
  run: text(),
  call: text(),
});

export default function SpendPage() {
  const [values, set] = useSearchParams(search);
  const period = values.period as Period;
  const by = values.by as Dimension;
  const filter: SpendFilter = useMemo(() => {
    const chosen = names.filter((name) => values[name]).map((name) => [name, values[name]]);
    if (values.status) chosen.push(['status' as never, values.status]);
    return { from: startOf(period), ...Object.fromEntries(chosen) };
  }, [period, values]);
  const sums = useSpendBy(by, filter);
  const rows = useSpendRows(filter);
  const say = useWho([kindOfWho(values.user), kindOfWho(values.api_key)]);
  const filtered = isFiltered(search, values, ['status', ...names]);
  const clear = () => set({ status: '', ...Object.fromEntries(names.map((name) => [name, ''])) });
  const { ...asked } = filter;
  return (
    <Page
      title="Spend"
      ready={!sums.isPending && !rows.isPending}
      actions={
        <Button
          component="a"
          href={downloadUrl('/api/v1/spend/export', asked as Record<string, string>)}
          download="spend.csv"
          leftSection={<Download size={14} aria-hidden />}
        >
          Download CSV
        </Button>
      }
      aside={
        values.call ? (
          <Sheet title="Call" onClose={() => set({ call: '' })}>
            <Call key={values.call} id={values.call} />
          </Sheet>
        ) : undefined
      }
    >
      <FilterBar
        onClear={filtered ? clear : undefined}
        right={
          <SegmentedControl
            aria-label="Time shown"
            value={period}
            onChange={(value) => set({ period: value as Period })}
            data={periods.map((value) => ({ value, label: value }))}
          />
        }
      >
        <FilterChoice
          label="By"
          one
          options={dimensions}
          value={[by]}
          onChange={([value]) => set({ by: value ?? 'model' })}
        />
        <FilterChoice
          label="Status"
          one
          options={statuses}
          value={values.status ? [values.status] : []}
          onChange={([status]) => set({ status: status ?? '' })}
        />
        {names
          .filter((name) => values[name])
          .map((name) => (
            <Button
              key={name}
              variant="default"
              onClick={() => set({ [name]: '' })}
              aria-label={`Any ${formatWord(name)}`}
            >
              {formatWord(name)}: {say(values[name])}
            </Button>
          ))}
      </FilterBar>
      <OverTime filter={filter} period={period} />
      <List
        query={sums}
        what="calls"
        title={`By ${formatWord(by)}`}
        lines={2}
        onClear={filtered ? clear : undefined}
        empty={<Empty command="sluice spend">No model was called in this time.</Empty>}
        label={`Spend by ${formatWord(by)}`}
        rows={sums.data?.items ?? []}
        rowKey={(sum) => sum.key}
        columns={sumColumns(by)}
        onOpen={by === 'tag' ? undefined : (sum) => sum.key && set({ [by]: sum.key })}
        withoutKeys
      />
      <List
        query={rows}
        what="calls"
        title="Calls"
        onClear={filtered ? clear : undefined}
        empty={<Empty>No model was called in this time.</Empty>}
        label="Calls"
        rows={rows.items}
        rowKey={(row) => row.id}
        columns={rowColumns}
        active={values.call}
        onOpen={(row) => set({ call: row.id }, 'push')}
        more={rows.more}
      />
    </Page>
  );
}

function OverTime({ filter, period }: { filter: SpendFilter; period: Period }) {
  const sums = useSpendBy(partOf(period), filter);
  const pending = sums.isPending;
  if (sums.isError) return <Failed error={sums.error} what="Spend over time" onRetry={() => void sums.refetch()} />;
  const { times, costs } = fillGaps(sums.data?.items ?? [], period, filter.from ?? startOf(period));
  const total = sums.data?.total as SpendSum | null | undefined;
  // While it is read the same tiles stand there, without their figures.
  const say = (figure: string) => (pending ? '…' : figure);
  return (
    <>
      <Tiles>
        <Tile label="Spent" value={say(formatMoney(total?.cost_usd ?? '0'))} />
        <Tile
          label="Calls"
          value={say(formatCount(total?.calls ?? 0))}
          delta={say(total?.failed ? `${total.failed.toLocaleString('en-US')} failed` : 'none failed')}
        />
        <Tile
          label="Tokens in"
          value={say(formatCount(total?.input_tokens ?? 0))}
          delta={say(`${formatCount(total?.cached_tokens ?? 0)} from caches`)}
        />
        <Tile label="Tokens out" value={say(formatCount(total?.output_tokens ?? 0))} />
      </Tiles>
      <Chart
        title={`US dollars by ${partOf(period)}`}
        kind="bars"
        times={times}
        format={formatMoney}
        pending={pending}
        series={[{ label: 'US dollars', values: costs }]}
      />
    </>
  );
}

const sentence = (word: string) => formatWord(word).replace(/^./, (letter) => letter.toUpperCase());

const sumColumns = (by: Dimension): Column<SpendSum>[] => [
  {
    key: 'key',
    title: sentence(by),
    render: (sum) =>
      sum.key === '' ? (
        <span className="quiet">none</span>
      ) : by === 'api_key' || by === 'user' ? (
        <Who id={sum.key} />
      ) : (
        sum.key
      ),
    card: 'title',
  },
  {
    key: 'cost',
    title: 'Cost',
    width: 110,
    align: 'right',
    render: (sum) => <Money usd={sum.cost_usd} />,
    card: 'mark',
  },
  { key: 'calls', title: 'Calls', width: 90, align: 'right', render: (sum) => formatCount(sum.calls) },
  { key: 'failed', title: 'Failed', width: 90, align: 'right', render: (sum) => formatCount(sum.failed ?? 0) },
  {
    key: 'in',
    title: 'Tokens in',
    width: 100,
    align: 'right',
    below: 1024,
    render: (sum) => formatCount(sum.input_tokens ?? 0),
  },
  {
    key: 'out',
    title: 'Tokens out',
    width: 100,
    align: 'right',
    below: 1024,
    render: (sum) => formatCount(sum.output_tokens ?? 0),
  },
];

const marks: Record<string, string> = { ok: 'succeeded', aborted: 'cancelled', cached: 'skipped', refused: 'denied' };

const rowColumns: Column<SpendRow>[] = [
  { key: 'at', title: 'When', width: 110, render: (row) => <Ago time={row.at} /> },
  { key: 'model', title: 'Model', render: (row) => row.model || row.requested_model, card: 'title' },
  {
    key: 'status',
    title: 'Status',
    width: 110,
    render: (row) => <StatusMark status={marks[row.status] ?? row.status} word={row.status} />,
    card: 'mark',
  },
  { key: 'door', title: 'Through', below: 1280, render: (row) => row.door },
  { key: 'flow', title: 'Flow', below: 1024, render: (row) => row.flow },
  {
    key: 'tokens',
    title: 'Tokens',
    width: 80,
    align: 'right',
    render: (row) => (
      <Tokens
        input={(row.usage?.input_uncached ?? 0) + (row.usage?.cache_read ?? 0)}
        output={(row.usage?.output_visible ?? 0) + (row.usage?.output_reasoning ?? 0)}
      />
    ),
  },
  { key: 'took', title: 'Took', width: 80, align: 'right', below: 1280, render: (row) => sayDuration(row.duration) },
  { key: 'cost', title: 'Cost', width: 100, align: 'right', render: (row) => <Money usd={row.cost_usd} /> },
];

function Call({ id }: { id: string }) {
  return (
    <Loaded query={useSpendRow(id)} what="The call">
      {(row) => (
        <div className="stack">
          <Facts
            facts={[
              ['Status', <StatusMark key="status" status={marks[row.status] ?? row.status} word={row.status} />],
              ['When', formatTime(row.at)],
              ['Model', row.model],
              ['Asked for', row.requested_model],
              ['Provider', row.provider],
              ['Cost', <Money key="cost" usd={row.cost_usd} />],
              ['Counted', row.estimated ? 'here: the provider said nothing' : 'by the provider'],
              ['Held before', <Money key="held" usd={row.held_usd} />],
              [
                'Price version',
                <span key="price" className="mono">
                  {row.price_version}
                </span>,
              ],
              ['Took', sayDuration(row.duration)],
              ['First token', row.first_token ? sayDuration(row.first_token) : 'not streamed'],
              ['Attempts', row.attempts],
              ...(row.run_id
                ? ([
                    [
                      'Run',
                      <Link key="run" to="/runs/$id" params={{ id: row.run_id }} search={{ step: row.step }}>
                        {row.flow} / {row.step}
                      </Link>,
                    ],
                  ] as [string, React.ReactNode][])
                : []),
              [
                'Error',
                row.error && (
                  <span key="error" className="error">
                    {row.error}
                  </span>
                ),
              ],
              ['Id', <Id key="id" id={row.id} />],
            ]}
          />
          <Panel title="Usage as the provider sent it" flush>
            <JsonView label="Usage" value={(row.raw_usage ?? row.usage ?? null) as never} />
          </Panel>
          {row.route !== undefined && row.route !== null && (
            <Panel title="Route" flush>
              <JsonView label="Route" value={row.route as never} />
            </Panel>
          )}
        </div>
      )}
    </Loaded>
  );
}
