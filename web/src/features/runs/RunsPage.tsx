import { type Column, DataTable } from '@/components/DataTable';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, FilteredEmpty, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Duration, Id, Money, Tokens } from '@/components/Values';
import { useProject } from '@/lib/project';
import { isFiltered, oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { type Run, runStatuses, useRuns } from './queries';

const search = searchParams({ status: oneOf(runStatuses), flow: text() });

const columns: Column<Run>[] = [
  { key: 'id', title: 'Run', width: 120, render: (run) => <Id id={run.id} />, card: 'title' },
  {
    key: 'flow',
    title: 'Flow',
    render: (run) => (
      <>
        {run.flow.name} <span className="quiet">v{run.flow.version}</span>
      </>
    ),
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
    render: (run) => (run.error ? <span className="error">{run.error.message}</span> : null),
  },
];

export default function RunsPage() {
  const [values, set] = useSearchParams(search);
  const [project] = useProject();
  const runs = useRuns({
    status: values.status || undefined,
    flow: values.flow || undefined,
    project: project || undefined,
  });
  const filtered = isFiltered(search, values, ['status', 'flow']);
  const clear = () => set({ status: '', flow: '' });
  return (
    <Page title="Runs" ready={!runs.isPending}>
      <FilterBar onClear={filtered ? clear : undefined}>
        <FilterChoice
          label="Status"
          one
          options={runStatuses}
          value={values.status ? [values.status] : []}
          onChange={([status]) => set({ status: status ?? '' })}
        />
      </FilterBar>
      <Panel flush>
        {runs.isPending ? (
          <Loading rows={8} />
        ) : runs.isError ? (
          <Failed error={runs.error} what="The list of runs" onRetry={() => void runs.refetch()} />
        ) : runs.items.length > 0 ? (
          <DataTable label="Runs" rows={runs.items} rowKey={(run) => run.id} columns={columns} more={runs.more} />
        ) : filtered ? (
          <FilteredEmpty what="runs" onClear={clear} />
        ) : (
          <Empty command="sluice run FLOW.json">
            No run yet. Runs start by hand, by the API, on a schedule or by a webhook.
          </Empty>
        )}
      </Panel>
    </Page>
  );
}
