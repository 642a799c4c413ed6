import { ActionIcon, Button, Menu } from '@mantine/core';
import { Copy, Download, Ellipsis, Play, Plus, Trash2, Upload } from 'lucide-react';
import { useState } from 'react';
import { downloadUrl } from '@/api/client';
import { useMay, useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { type Column, DataTable } from '@/components/DataTable';
import { FilterBar, FilterText } from '@/components/FilterBar';
import { Link, useGo } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, FilteredEmpty, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { useKeys } from '@/lib/keys';
import { useProject } from '@/lib/project';
import { oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { CreateFlow } from './CreateFlow';
import { DuplicateFlow } from './DuplicateFlow';
import { ImportFlow } from './ImportFlow';
import { type FlowRow, useDeleteFlow, useFlows, useLastRuns } from './queries';
import { RunFlow } from './RunFlow';

const search = searchParams({ q: text(), dialog: oneOf(['new', 'import']) });

type Asked = { what: 'run' | 'duplicate' | 'delete'; flow: FlowRow };

export default function FlowsPage() {
  const [values, set] = useSearchParams(search);
  const [project, setProject] = useProject();
  const flows = useFlows({ project: project || undefined });
  const [asked, setAsked] = useState<Asked>();
  const lastRun = useLastRuns(flows.items);
  const remove = useDeleteFlow();
  const go = useGo();
  const whyNotWrite = useWhyNot('flows:write');
  const mayWrite = whyNotWrite === undefined;
  const mayRun = useMay('runs:write');

  const words = values.q.trim().toLowerCase();
  const fits = (flow: FlowRow) => `${flow.name} ${flow.description ?? ''}`.toLowerCase().includes(words);
  const rows = words === '' ? flows.items : flows.items.filter(fits);
  const close = () => setAsked(undefined);
  useKeys('Flows', mayWrite ? [{ keys: 'c', does: 'New flow', act: () => set({ dialog: 'new' }) }] : []);

  const columns: Column<FlowRow>[] = [
    {
      key: 'name',
      title: 'Name',
      card: 'title',
      render: (flow) => (
        <Link to="/flows/$id" params={{ id: flow.id }} title={flow.description}>
          {flow.name}
        </Link>
      ),
    },
    { key: 'project', title: 'Project', width: 140, below: 1024, render: (flow) => flow.project },
    {
      key: 'live',
      title: 'Live version',
      width: 130,
      render: (flow) => <LiveVersion flow={flow} />,
    },
    {
      key: 'run',
      title: 'Last run',
      width: 140,
      card: 'mark',
      render: (flow) => {
        const run = lastRun(flow.id);
        if (run === undefined) return null;
        if (run === null) return <span className="quiet">never</span>;
        return (
          <Link to="/runs/$id" params={{ id: run.id }} aria-label={`Last run of ${flow.name}: ${run.status}`}>
            <StatusMark status={run.status} />
          </Link>
        );
      },
    },
    { key: 'updated', title: 'Updated', width: 120, render: (flow) => <Ago time={flow.updated_at} /> },
    {
      key: 'menu',
      title: <span className="quiet">Actions</span>,
      width: 76,
      align: 'right',
      render: (flow) => (
        <RowMenu flow={flow} mayRun={mayRun} mayWrite={mayWrite} onAsk={(what) => setAsked({ what, flow })} />
      ),
    },
  ];
  return (
    <Page
      title="Flows"
      ready={!flows.isPending}
      actions={
        <>
          <Button
            leftSection={<Upload size={14} aria-hidden />}
            disabled={!mayWrite}
            title={whyNotWrite}
            onClick={() => set({ dialog: 'import' })}
          >
            Import flow
          </Button>
          <Button
            variant="filled"
            leftSection={<Plus size={14} aria-hidden />}
            disabled={!mayWrite}
            title={whyNotWrite}
            onClick={() => set({ dialog: 'new' })}
          >
            New flow
          </Button>
        </>
      }
    >
      <FilterBar onClear={values.q ? () => set({ q: '' }) : undefined}>
        <FilterText placeholder="Filter by name" value={values.q} onChange={(q) => set({ q })} />
      </FilterBar>
      <Panel flush>
        {flows.isPending ? (
          <Loading rows={8} />
        ) : flows.isError ? (
          <Failed error={flows.error} what="The list of flows" onRetry={() => void flows.refetch()} />
        ) : rows.length > 0 || flows.more.there ? (
          <DataTable
            label="Flows"
            rows={rows}
            rowKey={(flow) => flow.id}
            columns={columns}
            more={flows.more}
            onOpen={(flow) => go({ to: '/flows/$id', params: { id: flow.id } })}
          />
        ) : words || project ? (
          <FilteredEmpty
            what="flows"
            onClear={() => {
              if (project) setProject('');
              else set({ q: '' });
            }}
          />
        ) : (
          <Empty
            command="sluice apply -f FLOW.yaml"
            action={
              mayWrite && (
                <Button variant="filled" onClick={() => set({ dialog: 'new' })}>
                  New flow
                </Button>
              )
            }
          >
            No flow yet. A flow is a graph of steps; what it does is published as versions, and each run names its
            version.
          </Empty>
        )}
      </Panel>
      {values.dialog === 'new' && <CreateFlow project={project} onClose={() => set({ dialog: '' })} />}
      {values.dialog === 'import' && <ImportFlow onClose={() => set({ dialog: '' })} />}
      {asked?.what === 'run' && <RunFlow flow={asked.flow} onClose={close} />}
      {asked?.what === 'duplicate' && <DuplicateFlow flow={asked.flow} onClose={close} />}
      <Confirm
        opened={asked?.what === 'delete'}
        onClose={close}
        title="Delete flow?"
        action="Delete flow"
        danger
        typed={asked?.flow.name}
        onConfirm={() => remove.mutateAsync(asked!.flow.id)}
      >
        All versions of {asked?.flow.name}, its drafts and its pinned outputs go. Runs that have started go on with the
        version that they began with, and their history stays.
      </Confirm>
    </Page>
  );
}

function LiveVersion({ flow }: { flow: FlowRow }) {
  if (flow.live_version === null) return <span className="quiet">none live</span>;
  return (
    <>
      v{flow.live_version}
      {flow.latest_version > flow.live_version && <span className="quiet"> of {flow.latest_version}</span>}
    </>
  );
}

interface RowMenuProps {
  flow: FlowRow;
  mayRun: boolean;
  mayWrite: boolean;
  onAsk: (what: Asked['what']) => void;
}

function RowMenu({ flow, mayRun, mayWrite, onAsk }: RowMenuProps) {
  const file = (format: string) => ({
    component: 'a' as const,
    href: downloadUrl(`/api/v1/flows/${flow.id}/export`, { format }),
    download: `${flow.name}.${format}`,
    leftSection: <Download size={14} aria-hidden />,
  });
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon size="sm" aria-label={`Actions of ${flow.name}`}>
          <Ellipsis size={16} strokeWidth={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Play size={14} aria-hidden />} disabled={!mayRun} onClick={() => onAsk('run')}>
          Run flow
        </Menu.Item>
        <Menu.Item leftSection={<Copy size={14} aria-hidden />} disabled={!mayWrite} onClick={() => onAsk('duplicate')}>
          Duplicate flow
        </Menu.Item>
        <Menu.Item {...file('json')}>Export as JSON</Menu.Item>
        <Menu.Item {...file('yaml')}>Export as YAML</Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="red"
          leftSection={<Trash2 size={14} aria-hidden />}
          disabled={!mayWrite}
          onClick={() => onAsk('delete')}
        >
          Delete flow
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
