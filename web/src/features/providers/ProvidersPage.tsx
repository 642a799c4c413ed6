// Whose models are called, and how they do.

import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { Link } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty, Loaded, Loading, NotFound, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id } from '@/components/Values';
import { Who } from '@/components/Who';
import { formatDuration, formatNumber, formatShare, formatWord } from '@/lib/format';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { ProviderForm } from './ProviderForm';
import classes from './providers.module.css';
import {
  type Health,
  type Provider,
  useChangeProvider,
  useCheck,
  useCreateProvider,
  useDeleteProvider,
  useHealth,
  useProviders,
} from './queries';

const search = searchParams({ provider: text() });

const circuits: Record<Health['state'], { status: string; word: string }> = {
  closed: { status: 'healthy', word: 'healthy' },
  half_open: { status: 'retrying', word: 'being tried' },
  open: { status: 'failed', word: 'failing' },
};

/** Of what was never called since the start nothing is known. */
function markOf(health: Health): { status: string; word: string } {
  if (health.state === 'closed' && health.models.length === 0) return { status: 'queued', word: 'not called yet' };
  return circuits[health.state];
}

function HealthMark({ id }: { id: string }) {
  const health = useHealth(id);
  if (!health.data) return null;
  return <StatusMark {...markOf(health.data)} />;
}

const columns: Column<Provider>[] = [
  { key: 'name', title: 'Name', render: (provider) => provider.name, card: 'title' },
  { key: 'type', title: 'Type', width: 150, render: (provider) => formatWord(provider.type) },
  { key: 'address', title: 'Address', below: 1024, render: (provider) => provider.base_url || "the vendor's own" },
  {
    key: 'models',
    title: 'Models',
    width: 110,
    render: (provider) => (provider.models.length === 0 ? 'any' : provider.models.length),
  },
  { key: 'key', title: 'Key', width: 90, below: 1280, render: (provider) => (provider.has_key ? 'is set' : 'none') },
  {
    key: 'health',
    title: 'Health',
    width: 130,
    render: (provider) => (provider.enabled ? <HealthMark id={provider.id} /> : <StatusMark status="disabled" />),
    card: 'mark',
  },
];

export default function ProvidersPage() {
  const [values, set] = useSearchParams(search);
  const [adding, setAdding] = useState(false);
  const providers = useProviders();
  const create = useCreateProvider();
  const open = providers.data?.find((provider) => provider.id === values.provider);
  const button = (
    <Permitted permission="providers:write" icon={Plus} onClick={() => setAdding(true)}>
      Add provider
    </Permitted>
  );
  return (
    <Page
      title="Providers"
      ready={!providers.isPending}
      actions={button}
      aside={
        values.provider && providers.data ? (
          <Sheet title={open?.name ?? 'Provider'} onClose={() => set({ provider: '' })}>
            {open ? (
              <Detail key={open.id} provider={open} onGone={() => set({ provider: '' })} />
            ) : (
              <NotFound what="provider" />
            )}
          </Sheet>
        ) : undefined
      }
    >
      <List
        query={providers}
        what="providers"
        lines={4}
        empty={
          <Empty action={button} command="sluice providers create NAME --type openai">
            No provider of this workspace. Those of the server's configuration and the simulated models are there for
            all.
          </Empty>
        }
        label="Providers"
        rows={providers.data ?? []}
        rowKey={(provider) => provider.id}
        columns={columns}
        active={values.provider}
        onOpen={(provider) => set({ provider: provider.id }, 'push')}
      />
      <ProviderForm key={String(adding)} opened={adding} onClose={() => setAdding(false)} onSave={create.mutateAsync} />
    </Page>
  );
}

function Detail({ provider, onGone }: { provider: Provider; onGone: () => void }) {
  const [asking, setAsking] = useState<'edit' | 'delete'>();
  const change = useChangeProvider(provider.id);
  const remove = useDeleteProvider(provider.id);
  const close = () => setAsking(undefined);
  return (
    <div className="stack">
      <div className="row wrap">
        <Permitted permission="providers:write" onClick={() => setAsking('edit')}>
          Edit
        </Permitted>
        <Permitted permission="providers:write" onClick={() => setAsking('delete')}>
          Delete
        </Permitted>
      </div>
      <Facts
        facts={[
          ['Type', formatWord(provider.type)],
          ['Address', provider.base_url || "the vendor's own"],
          ['Key', provider.has_key ? 'is set' : 'none'],
          ['Models', provider.models.map((model) => model.id).join(', ') || 'any of the vendor'],
          ['Made by', <Who key="by" id={provider.created_by} />],
          ['Changed', <Ago key="changed" time={provider.updated_at} />],
          ['Id', <Id key="id" id={provider.id} />],
        ]}
      />
      <HealthPanel id={provider.id} />
      <CheckPanel id={provider.id} />
      <Link to="/spend" search={{ provider: provider.name }}>
        Calls of this provider
      </Link>
      <ProviderForm
        key={asking}
        provider={provider}
        opened={asking === 'edit'}
        onClose={close}
        onSave={change.mutateAsync}
      />
      <Confirm
        opened={asking === 'delete'}
        onClose={close}
        title="Delete provider"
        action="Delete provider"
        danger
        typed={provider.name}
        onConfirm={async () => {
          await remove.mutateAsync(undefined);
          onGone();
        }}
      >
        Calls of its models are refused from now on, unless a route has other targets. Its key is deleted with it.
      </Confirm>
    </div>
  );
}

function HealthPanel({ id }: { id: string }) {
  return (
    <Panel title="Health">
      <Loaded query={useHealth(id)} what="The health" shape={<Loading rows={3} />}>
        {(health) => (
          <Facts
            facts={[
              ['State', <StatusMark key="state" {...markOf(health)} />],
              ['Since', <Ago key="since" time={health.since} empty="the start" />],
              ...(health.retry_at
                ? ([['Tried again', <Ago key="retry" time={health.retry_at} />]] as [string, React.ReactNode][])
                : []),
              [`Last ${health.window ?? 'minutes'}`, said(health)],
              ['First byte after', health.latency_ms == null ? 'no call lately' : formatDuration(health.latency_ms)],
              ...(health.last_error
                ? ([
                    [
                      'Last error',
                      <span key="error" className="error">
                        {health.last_error.message}
                      </span>,
                    ],
                    ['It was', <Ago key="at" time={health.last_error.at} />],
                  ] as [string, React.ReactNode][])
                : []),
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function said(health: Health): string {
  const calls = (health.answered ?? 0) + (health.failed ?? 0);
  if (health.success_rate == null || calls === 0) return 'no call';
  return `${formatNumber(calls, 'call')}, ${formatShare(health.success_rate)} answered`;
}

function CheckPanel({ id }: { id: string }) {
  const check = useCheck(id);
  return (
    <Panel
      title="Check"
      actions={
        <Permitted
          permission="providers:write"
          size="compact-sm"
          loading={check.isPending}
          onClick={() => check.mutate(undefined)}
        >
          Check now
        </Permitted>
      }
    >
      <div role="status" className="stack">
        {check.data ? (
          <>
            <StatusMark
              status={check.data.ok === false ? 'failed' : check.data.ok ? 'healthy' : 'unknown'}
              word={check.data.ok === false ? 'failed' : check.data.ok ? 'answered' : 'not known'}
            />
            <p className={classes.message}>{check.data.message}</p>
            {(check.data.missing?.length ?? 0) > 0 && <p>Not listed by it: {check.data.missing?.join(', ')}</p>}
            {check.data.models && <p className="quiet">It lists {formatNumber(check.data.models.length, 'model')}.</p>}
          </>
        ) : (
          <p className="quiet">Asks the vendor for its list of models with the key; costs nothing.</p>
        )}
        <ProblemText error={check.error} />
      </div>
    </Panel>
  );
}
