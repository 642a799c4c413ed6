// The list of runs: filters in the address, counts over time, and what can be done to many at once.

import { Button, Menu, Select, Tooltip } from '@mantine/core';
import { ArrowUp, ChevronDown } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useWhyNot } from '@/api/session';
import { BulkBar, type Column, DataTable, useSelection } from '@/components/DataTable';
import { FilterBar, FilterChoice, FilterText } from '@/components/FilterBar';
import { Link, useGo } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, FilteredEmpty, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Duration, Money, Tokens, useNow } from '@/components/Values';
import { formatNumber, formatTime } from '@/lib/format';
import { shortId } from '@/lib/ids';
import { useProject } from '@/lib/project';
import { isFiltered, useSearchParams } from '@/lib/search';
import { BulkByFilter, BulkBySelection } from './BulkDialog';
import {
  type BulkFilter,
  type BulkKind,
  bulkFilterOf,
  filterNames,
  noFilters,
  queryOf,
  runSearch,
  runStatuses,
  triggers,
  verbOf,
} from './filters';
import { Histogram } from './Histogram';
import { type Run, useFlows, useRuns } from './queries';
import classes from './Runs.module.css';
import { SavedViews } from './SavedViews';
import { TimeFilter, timeText } from './TimeFilter';

const columns: Column<Run>[] = [
  {
    key: 'flow',
    title: 'Flow',
    card: 'title',
    render: (run) => (
      <Link to="/runs/$id" params={{ id: run.id }} title={run.flow.name}>
        {run.flow.name} <span className="quiet">v{run.flow.version}</span>
      </Link>
    ),
  },
  { key: 'id', title: 'Run', width: 104, render: (run) => <span className="mono">{shortId(run.id)}</span> },
  { key: 'status', title: 'Status', width: 112, render: (run) => <StatusMark status={run.status} />, card: 'mark' },
  { key: 'created', title: 'Created', width: 110, render: (run) => <Ago time={run.created_at} /> },
  {
    key: 'took',
    title: 'Duration',
    width: 90,
    align: 'right',
    render: (run) => <Duration from={run.started_at} to={run.finished_at} />,
  },
  { key: 'trigger', title: 'Trigger', width: 76, below: 1440, render: (run) => run.trigger },
  { key: 'steps', title: 'Steps', width: 64, align: 'right', below: 1024, render: (run) => run.totals?.steps ?? 0 },
  {
    key: 'tokens',
    title: 'Tokens',
    width: 76,
    align: 'right',
    below: 1024,
    render: (run) => <Tokens input={run.totals?.input_tokens} output={run.totals?.output_tokens} />,
  },
  { key: 'cost', title: 'Cost', width: 90, align: 'right', render: (run) => <Money usd={run.totals?.cost_usd} /> },
  {
    key: 'error',
    title: 'Error',
    below: 1280,
    render: (run) =>
      run.error ? (
        <span className="error" title={run.error.message}>
          {run.error.message || run.error.code}
        </span>
      ) : null,
  },
];

const bulkKinds: BulkKind[] = ['retry', 'rerun', 'cancel'];
type Asked = { kind: BulkKind; filter: BulkFilter } | { kind: BulkKind; runs: Run[] };

export default function RunsPage() {
  const go = useGo();
  const [values, set] = useSearchParams(runSearch);
  const [project] = useProject();
  const now = useNow();
  const query = queryOf(values, project, now);
  const written = JSON.stringify(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same question is the same object
  const stable = useMemo(() => query, [written]);
  const minute = Math.floor(now / 60_000) * 60_000;
  const runs = useRuns(stable);
  const flows = useFlows();
  const selection = useSelection();
  const [asked, setAsked] = useState<Asked>();
  const mayNot = useWhyNot('runs:write');
  const filtered = isFiltered(runSearch, values, [...filterNames]);
  const clear = () => set(noFilters);
  // What is selected is what is seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another question
  useEffect(() => selection.clear(), [written]);
  const selected = runs.items.filter((run) => selection.selected.has(run.id));
  const flowOptions = useMemo(() => {
    const rows = (flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }));
    const known = !values.flow || rows.some((row) => row.value === values.flow);
    return known ? rows : [{ value: values.flow, label: values.flow }, ...rows];
  }, [flows.data, values.flow]);
  const searchedTo = lastSearchedTo(runs.data?.pages);

  return (
    <Page
      title="Runs"
      ready={!runs.isPending}
      actions={
        <>
          <SavedViews values={values} filtered={filtered} onOpen={(view) => set(view, 'push')} />
          <BulkMenu
            disabled={mayNot}
            filterFor={(kind) => bulkFilterOf(values, project, kind, now)}
            onAsk={(kind, filter) => setAsked({ kind, filter })}
          />
        </>
      }
    >
      <FilterBar onClear={filtered ? clear : undefined}>
        <FilterText value={values.q} onChange={(q) => set({ q })} placeholder="Id, flow or error" />
        <FilterChoice
          label="Status"
          options={runStatuses}
          value={values.status}
          onChange={(status) => set({ status })}
        />
        <Select
          className={classes.flow}
          aria-label="Flow"
          placeholder="Flow"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Any flow' }}
          nothingFoundMessage="No such flow"
          data={flowOptions}
          value={values.flow || null}
          onChange={(flow) => set({ flow: flow ?? '', version: 0 })}
        />
        {values.flow && (
          <VersionChoice
            latest={flows.data?.find((flow) => flow.id === values.flow)?.latest_version ?? values.version}
            value={values.version}
            onChange={(version) => set({ version })}
          />
        )}
        <FilterChoice
          label="Trigger"
          one
          options={triggers}
          value={values.trigger ? [values.trigger] : []}
          onChange={([trigger]) => set({ trigger: trigger ?? '' })}
        />
        <TimeFilter values={values} onChange={set} />
      </FilterBar>
      {values.parent && (
        <p className="meta">
          Only what came from the run{' '}
          <Link to="/runs/$id" params={{ id: values.parent }}>
            {shortId(values.parent)}
          </Link>
          .
        </p>
      )}
      <Histogram
        query={stable}
        now={minute}
        when={values.range || values.from || values.to ? timeText(values) : 'Last 14 days'}
        onRange={(from, to) => set({ range: '', from, to }, 'push')}
      />
      <Panel flush>
        {runs.isPending ? (
          <Loading rows={8} />
        ) : runs.isError && runs.items.length === 0 ? (
          <Failed error={runs.error} what="The list of runs" onRetry={() => void runs.refetch()} />
        ) : (
          <>
            {runs.fresh > 0 && (
              <div className={classes.freshAt}>
                <Button
                  variant="filled"
                  size="xs"
                  className={classes.fresh}
                  leftSection={<ArrowUp size={14} aria-hidden />}
                  onClick={runs.showFresh}
                >
                  Show {runs.fresh >= 50 ? '50 or more new runs' : formatNumber(runs.fresh, 'new run')}
                </Button>
              </div>
            )}
            {runs.items.length > 0 ? (
              <DataTable
                label="Runs"
                rows={runs.items}
                rowKey={(run) => run.id}
                columns={columns}
                more={runs.more}
                selection={selection}
                onOpen={(run) => go({ to: '/runs/$id', params: { id: run.id } })}
              />
            ) : runs.more.there ? (
              <Empty
                action={
                  <Button onClick={runs.more.load} loading={runs.more.loading}>
                    Look further back
                  </Button>
                }
              >
                Nothing fits so far{searchedTo && `, back to ${formatTime(searchedTo)}`}.
              </Empty>
            ) : filtered || project ? (
              <FilteredEmpty what="runs" onClear={clear} />
            ) : (
              <Empty command="sluice run FLOW.json">
                No run yet. Runs start by hand, by the API, on a schedule or by a webhook.
              </Empty>
            )}
            {runs.items.length > 0 && runs.more.there && searchedTo && (
              <p className="meta" style={{ textAlign: 'center', paddingBottom: 12 }}>
                Looked back to {formatTime(searchedTo)} so far; there may be more that fits.
              </p>
            )}
          </>
        )}
      </Panel>
      <BulkBar count={selected.length} onClear={selection.clear}>
        {bulkKinds.map((kind) => (
          <Tooltip key={kind} label={mayNot} disabled={!mayNot}>
            <Button
              data-disabled={mayNot ? true : undefined}
              onClick={() => !mayNot && setAsked({ kind, runs: selected })}
            >
              {verbOf[kind]}
            </Button>
          </Tooltip>
        ))}
        {selected.length === 2 && (
          <Button
            component={Link}
            to="/runs/$id/compare/$other"
            params={{ id: selected[1]!.id, other: selected[0]!.id }}
          >
            Compare
          </Button>
        )}
      </BulkBar>
      {asked && 'filter' in asked && (
        <BulkByFilter kind={asked.kind} filter={asked.filter} onClose={() => setAsked(undefined)} />
      )}
      {asked && 'runs' in asked && (
        <BulkBySelection
          kind={asked.kind}
          runs={asked.runs}
          onClose={() => {
            setAsked(undefined);
            selection.clear();
          }}
        />
      )}
    </Page>
  );
}

/** How far back a search looked that ended before its page was full. */
function lastSearchedTo(pages: unknown[] | undefined): string {
  return (pages?.at(-1) as { searched_to?: string } | undefined)?.searched_to ?? '';
}

function VersionChoice(props: { latest: number; value: number; onChange: (version: number) => void }) {
  const { latest, value, onChange } = props;
  const versions = Array.from({ length: Math.min(latest, 100) }, (_, index) => String(latest - index));
  return (
    <FilterChoice
      label="Version"
      one
      options={versions}
      value={value ? [String(value)] : []}
      onChange={([version]) => onChange(version ? Number(version) : 0)}
    />
  );
}

interface BulkMenuProps {
  disabled?: string;
  filterFor: (kind: BulkKind) => BulkFilter | string;
  onAsk: (kind: BulkKind, filter: BulkFilter) => void;
}

/** What can be done to everything that fits the filters; what cannot says why. */
function BulkMenu({ disabled, filterFor, onAsk }: BulkMenuProps) {
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <Button rightSection={<ChevronDown size={14} aria-hidden />}>All that fit</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {bulkKinds.map((kind) => {
          const filter = disabled ?? filterFor(kind);
          const why = typeof filter === 'string' ? filter : undefined;
          return (
            <Menu.Item
              key={kind}
              disabled={why !== undefined}
              onClick={() => typeof filter !== 'string' && onAsk(kind, filter)}
            >
              {verbOf[kind]} all that fit
              {why && <div className="meta">{why}</div>}
            </Menu.Item>
          );
        })}
        <Menu.Divider />
        <Menu.Item component={Link} to="/bulk-actions">
          Bulk actions so far
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
