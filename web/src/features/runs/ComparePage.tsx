// Two runs side by side: what they were, what they were given, and each step with its state, time, tokens, cost and output.

import { Button } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { ArrowLeftRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import { asProblem } from '@/api/client';
import { shortValue } from '@/components/data/json';
import { FilterBar, FilterChoice, FilterText } from '@/components/FilterBar';
import { Link, useGo } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, FilteredEmpty, Loading, NotFound } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatCount, formatDuration, formatMoney, formatNumber, formatWord } from '@/lib/format';
import { shortId } from '@/lib/ids';
import { oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import classes from './Compare.module.css';
import { type ComparedStep, compareSteps, difference, placesOf, type Side } from './run/compare';
import { type Run, useDiff, useRun, useSteps } from './run/queries';

const search = searchParams({ steps: oneOf(['differing', 'all'], 'differing'), words: text() });
/** Rows at once; more come when asked for. */
const portion = 200;

export default function ComparePage() {
  const { id, other } = useParams({ strict: false }) as { id: string; other: string };
  const [values, set] = useSearchParams(search);
  const go = useGo();
  const diff = useDiff(id, other);
  const [first, second] = [useRun(id), useRun(other)];
  const [firstSteps, secondSteps] = [useSteps(id), useSteps(other)];
  const [shown, setShown] = useState(portion);
  const compared = useMemo(
    () =>
      diff.data && firstSteps.data && secondSteps.data
        ? compareSteps(diff.data, firstSteps.data.items, secondSteps.data.items)
        : undefined,
    [diff.data, firstSteps.data, secondSteps.data],
  );
  const words = values.words.trim().toLowerCase();
  const rows = (compared ?? []).filter(
    (step) => (values.steps === 'all' || step.change !== 'same') && (!words || step.path.toLowerCase().includes(words)),
  );
  const failure = [diff, first, second, firstSteps, secondSteps].find((query) => query.isError);
  const above = (
    <>
      <Link to="/runs">Runs</Link> /{' '}
      <Link to="/runs/$id" params={{ id }}>
        {shortId(id)}
      </Link>
    </>
  );
  if (failure) {
    return (
      <Page title="Compare runs" above={above}>
        <Panel>
          {asProblem(failure.error).isMissing ? (
            <NotFound what="run" detail={asProblem(failure.error).detail} back={{ to: '/runs', label: 'All runs' }} />
          ) : (
            <Failed error={failure.error} what="The comparison" onRetry={() => void failure.refetch()} />
          )}
        </Panel>
      </Page>
    );
  }
  if (!compared || !first.data || !second.data) {
    return (
      <Page title="Compare runs" above={above} ready={false}>
        <Panel>
          <Loading rows={10} />
        </Panel>
      </Page>
    );
  }
  const differing = compared.filter((step) => step.change !== 'same').length;
  const input = placesOf(diff.data?.input);
  return (
    <Page
      title="Compare runs"
      above={above}
      actions={
        <Button
          leftSection={<ArrowLeftRight size={14} aria-hidden />}
          onClick={() => go({ to: '/runs/$id/compare/$other', params: { id: other, other: id } }, true)}
        >
          Swap sides
        </Button>
      }
    >
      <Panel flush>
        <Heads first={first.data} second={second.data} />
      </Panel>
      {diff.data && (
        <Panel title="Input">
          {input.places.length === 0 ? <p className="quiet">Both were given the same.</p> : <Places {...input} />}
        </Panel>
      )}
      <FilterBar onClear={words || values.steps === 'all' ? () => set({ words: '', steps: 'differing' }) : undefined}>
        <FilterText value={values.words} onChange={(next) => set({ words: next })} placeholder="Find a step" />
        <FilterChoice
          label="Steps"
          one
          options={[
            { value: 'differing', label: 'that differ' },
            { value: 'all', label: 'all' },
          ]}
          value={[values.steps]}
          onChange={([next]) => set({ steps: next === 'all' ? 'all' : 'differing' })}
        />
        {compared && (
          <span className="meta">
            {formatNumber(differing, 'step')} {differing === 1 ? 'differs' : 'differ'},{' '}
            {(diff.data?.same ?? 0).toLocaleString('en-US')} do not
            {diff.data?.truncated && '; the comparison lists the first 500 that do'}
          </span>
        )}
      </FilterBar>
      <Panel flush>
        {rows.length === 0 ? (
          words ? (
            <FilteredEmpty what="steps" onClear={() => set({ words: '' })} />
          ) : (
            <Empty action={<Button onClick={() => set({ steps: 'all' })}>Show all steps</Button>}>
              No step differs in state, attempts or output.
            </Empty>
          )
        ) : (
          <StepsTable rows={rows.slice(0, shown)} ids={[id, other]} />
        )}
        {rows.length > shown && (
          <p style={{ textAlign: 'center', padding: 12 }}>
            <Button onClick={() => setShown(shown + portion)}>
              Show {Math.min(portion, rows.length - shown)} more
            </Button>
          </p>
        )}
      </Panel>
    </Page>
  );
}

const took = (run: Run) =>
  run.started_at && run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : undefined;
const tokens = (run: Run) => (run.totals?.input_tokens ?? 0) + (run.totals?.output_tokens ?? 0);
const money = (size: number) => formatMoney(size);

function Heads({ first, second }: { first: Run; second: Run }) {
  const lines: [string, React.ReactNode, React.ReactNode, string][] = [
    ['Status', <StatusMark key="a" status={first.status} />, <StatusMark key="b" status={second.status} />, ''],
    ['Version', `v${first.flow.version}`, `v${second.flow.version}`, ''],
    [
      'Duration',
      took(first) === undefined ? '' : formatDuration(took(first)!),
      took(second) === undefined ? '' : formatDuration(took(second)!),
      difference(took(first), took(second), formatDuration),
    ],
    [
      'Tokens',
      formatCount(tokens(first)),
      formatCount(tokens(second)),
      difference(tokens(first), tokens(second), formatCount),
    ],
    [
      'Cost',
      formatMoney(first.totals?.cost_usd ?? 0),
      formatMoney(second.totals?.cost_usd ?? 0),
      difference(Number(first.totals?.cost_usd ?? 0), Number(second.totals?.cost_usd ?? 0), money),
    ],
    ['Error', first.error?.message ?? '', second.error?.message ?? '', ''],
  ];
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label="The two runs">
        <thead>
          <tr>
            <th scope="col" />
            {[first, second].map((run) => (
              <th key={run.id} scope="col">
                <Link to="/runs/$id" params={{ id: run.id }}>
                  {run.flow.name} {shortId(run.id)}
                </Link>
              </th>
            ))}
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(([name, one, two, by]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{one}</td>
              <td>{two}</td>
              <td className="num">{by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Places({ places, truncated, tooLarge }: ReturnType<typeof placesOf>) {
  if (tooLarge) return <p className="quiet">They differ, and are too large to be compared place by place.</p>;
  return (
    <dl className={classes.places}>
      {places.map((place) => (
        <div key={place.pointer}>
          <dt>
            <code>{place.pointer || 'all of it'}</code>
          </dt>
          <dd title={JSON.stringify(place.first)}>{'first' in place ? shortValue(place.first, 120) : 'not there'}</dd>
          <dd title={JSON.stringify(place.second)}>
            {'second' in place ? shortValue(place.second, 120) : 'not there'}
          </dd>
        </div>
      ))}
      {truncated && <p className="meta">There are more places.</p>}
    </dl>
  );
}

const changeWords: Record<string, string> = {
  only_in_first: 'only in the first',
  only_in_second: 'only in the second',
  same: 'same',
};

function StepsTable({ rows, ids }: { rows: ComparedStep[]; ids: [string, string] }) {
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label="Steps of both runs">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">First</th>
            <th scope="col">Second</th>
            <th scope="col" className="num">
              Time
            </th>
            <th scope="col" className="num">
              Tokens
            </th>
            <th scope="col" className="num">
              Cost
            </th>
            <th scope="col">What differs</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.path} row={row} ids={ids} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, ids }: { row: ComparedStep; ids: [string, string] }) {
  const { first, second } = row;
  const places = placesOf(row.output);
  return (
    <>
      <tr data-change={row.change}>
        <th scope="row">
          <code>{row.path}</code>
        </th>
        <td>
          <SideCell side={first} id={ids[0]} path={row.path} />
        </td>
        <td>
          <SideCell side={second} id={ids[1]} path={row.path} />
        </td>
        <td className="num">{difference(first?.took, second?.took, formatDuration)}</td>
        <td className="num">{first && second && difference(first.tokens, second.tokens, formatCount)}</td>
        <td className="num">{first && second && difference(first.cost, second.cost, money)}</td>
        <td>{changeWords[row.change] ?? row.fields.map(formatWord).join(', ')}</td>
      </tr>
      {(places.places.length > 0 || places.tooLarge) && (
        <tr className={classes.detail}>
          <td colSpan={7}>
            <Places {...places} />
          </td>
        </tr>
      )}
    </>
  );
}

function SideCell({ side, id, path }: { side?: Side; id: string; path: string }) {
  if (!side) return <span className="quiet">not there</span>;
  return (
    <Link to="/runs/$id" params={{ id }} search={{ step: path }} className={classes.side}>
      <StatusMark status={side.status} />
      <span className="quiet">
        {side.reused ? 'reused' : side.took !== undefined && formatDuration(side.took)}
        {side.attempts > 1 && `, ${side.attempts} attempts`}
      </span>
    </Link>
  );
}
