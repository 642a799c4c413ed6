// One bulk action: how far it is, what became of each object, and a way to end it.

import { Button, Tooltip } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { asProblem } from '@/api/client';
import { useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { Link } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Empty, Failed, Loading, NotFound } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id } from '@/components/Values';
import { Who } from '@/components/Who';
import { formatDuration, formatNumber } from '@/lib/format';
import { shortId } from '@/lib/ids';
import { oneOf, searchParams, useSearchParams } from '@/lib/search';
import classes from './Bulk.module.css';
import { Progress } from './Progress';
import { type BulkAction, type BulkItem, useBulkAction, useBulkItems, useCancelBulk } from './queries';
import { filterLines, objectOf, runSearchOf, timeLeft, titleOf } from './words';

const search = searchParams({ result: oneOf(['failed']) });

const itemColumns = (action: BulkAction): Column<BulkItem>[] => [
  {
    key: 'id',
    title: action.kind === 'dead_letters.redrive' ? 'Dead letter' : 'Run',
    width: 150,
    card: 'title',
    render: (item) =>
      action.kind === 'dead_letters.redrive' ? (
        <Link to="/dead-letters" search={{ by: 'letter', letter: item.id }}>
          {shortId(item.id)}
        </Link>
      ) : (
        <Link to="/runs/$id" params={{ id: item.id }}>
          {shortId(item.id)}
        </Link>
      ),
  },
  {
    key: 'result',
    title: 'Result',
    width: 110,
    card: 'mark',
    render: (item) => <StatusMark status={item.result} word={item.result === 'failed' ? 'refused' : 'done'} />,
  },
  {
    key: 'run',
    title: 'Led to',
    width: 150,
    render: (item) =>
      item.run_id && item.run_id !== item.id ? (
        <Link to="/runs/$id" params={{ id: item.run_id }}>
          {shortId(item.run_id)}
        </Link>
      ) : null,
  },
  {
    key: 'status',
    title: 'Is now',
    width: 120,
    render: (item) => (item.run_status ? <StatusMark status={item.run_status} /> : null),
  },
  {
    key: 'error',
    title: 'Why not',
    render: (item) => {
      const error = item.error as { code?: string; message?: string } | null | undefined;
      return error ? (
        <span className="error" title={error.message}>
          {error.message || error.code}
        </span>
      ) : null;
    },
  },
  { key: 'at', title: 'At', width: 110, render: (item) => <Ago time={item.at} /> },
];

export default function BulkActionPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const [{ result }, set] = useSearchParams(search);
  const action = useBulkAction(id);
  const cancel = useCancelBulk();
  const [asking, setAsking] = useState(false);
  const mayNot = useWhyNot('runs:write');
  // The items are read anew when another hundredth of them was dealt with, and at the end.
  const dealt = action.data ? action.data.done + action.data.failed : 0;
  const portion = Math.max(1, Math.ceil((action.data?.total ?? 0) / 100));
  const renewal = `${action.data?.state} ${Math.floor(dealt / portion)}`;
  const items = useBulkItems(id, result === 'failed', renewal);
  const above = <Link to="/bulk-actions">Bulk actions</Link>;
  if (!action.data) {
    return (
      <Page title="Bulk action" above={above} ready={!action.isPending}>
        <Panel>
          {action.isPending ? (
            <Loading rows={6} />
          ) : asProblem(action.error).isMissing ? (
            <NotFound
              what="bulk action"
              detail={`${id} is not in this workspace, or was removed with the runs it dealt with.`}
              back={{ to: '/bulk-actions', label: 'All bulk actions' }}
            />
          ) : (
            <Failed error={action.error} what="The bulk action" onRetry={() => void action.refetch()} />
          )}
        </Panel>
      </Page>
    );
  }
  const one = action.data;
  const left = timeLeft(one);
  const runsSearch = runSearchOf(one);
  const object = objectOf(one);
  return (
    <Page
      title={titleOf(one)}
      above={above}
      mark={<StatusMark status={one.state === 'stopped' ? 'failed' : one.state} word={one.state} />}
      ready={!items.isPending}
      actions={
        one.state === 'running' && (
          <Tooltip label={mayNot} disabled={!mayNot}>
            <Button data-disabled={mayNot ? true : undefined} onClick={() => !mayNot && setAsking(true)}>
              Stop bulk action
            </Button>
          </Tooltip>
        )
      }
    >
      <Panel>
        <div className="stack">
          <div className={classes.progress}>
            <Progress action={one} />
            <p aria-live="polite">
              {formatNumber(one.done, object)} done
              {one.failed > 0 && `, ${one.failed.toLocaleString('en-US')} refused`} of{' '}
              {one.total.toLocaleString('en-US')}
              {left !== undefined && left > 0 && `; about ${formatDuration(left)} left`}
              {one.canary_run_id && '; waiting for a canary'}
            </p>
            {one.reason && (one.state === 'stopped' || one.failed > 0) && <p className="error">{one.reason}</p>}
          </div>
          <Facts
            facts={[
              ['Action', <Id key="id" id={one.id} />],
              ...filterLines(one).map(([name, value]): [string, string] => [`Filter: ${name}`, value]),
              ...Object.entries((one.options ?? {}) as Record<string, unknown>).map(
                ([name, value]): [string, React.ReactNode] => [
                  name,
                  <pre key={name} className={classes.options}>
                    {typeof value === 'string' ? value : JSON.stringify(value)}
                  </pre>,
                ],
              ),
              ['Canaries', one.canary ?? 0],
              ['Rate', `${one.rate_per_second} a second`],
              ['By', <Who key="by" id={one.created_by} />],
              ['Begun', <Ago key="begun" time={one.created_at} />],
              ...(one.finished_at
                ? ([['Ended', <Ago key="ended" time={one.finished_at} />]] as [string, React.ReactNode][])
                : []),
            ]}
          />
          {runsSearch && (
            <div>
              <Link to="/runs" search={runsSearch}>
                The runs that fit this filter now
              </Link>
            </div>
          )}
        </div>
      </Panel>
      <FilterBar onClear={result ? () => set({ result: '' }) : undefined}>
        <FilterChoice
          label="Result"
          one
          options={[{ value: 'failed', label: 'refused' }]}
          value={result ? [result] : []}
          onChange={([next]) => set({ result: next === 'failed' ? 'failed' : '' })}
        />
      </FilterBar>
      <List
        query={items}
        what="objects"
        onClear={result ? () => set({ result: '' }) : undefined}
        empty={<Empty>Nothing was dealt with yet.</Empty>}
        label="Objects"
        rows={items.items}
        rowKey={(item) => item.id}
        columns={itemColumns(one)}
        more={items.more}
      />
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title="Stop this bulk action?"
        action="Stop bulk action"
        danger
        onConfirm={() => cancel.mutateAsync(one.id)}
      >
        What was done to {formatNumber(one.done, object)} stays; the other{' '}
        {formatNumber(Math.max(0, one.total - dealt), object)} are left as they are.
      </Confirm>
    </Page>
  );
}
