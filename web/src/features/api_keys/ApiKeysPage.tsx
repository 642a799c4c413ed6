// The workspace's API keys: who they are, what they are limited to, when they were last used.

import { Button } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { type Column, DataTable } from '@/components/DataTable';
import { Once } from '@/components/Once';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Sheet } from '@/components/Sheet';
import { Empty, Failed, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { CreateKey } from './CreateKey';
import { KeyDetail } from './KeyDetail';
import { keyState, limitsOf } from './key_form';
import { type ApiKey, useApiKeys } from './queries';

const search = searchParams({ key: text() });

const columns: Column<ApiKey>[] = [
  { key: 'name', title: 'Name', render: (key) => key.name, card: 'title' },
  { key: 'prefix', title: 'Key begins', width: 150, render: (key) => <span className="mono">{key.prefix}…</span> },
  { key: 'state', title: 'State', width: 100, render: (key) => <StatusMark status={keyState(key)} />, card: 'mark' },
  { key: 'role', title: 'Role', width: 110, render: (key) => key.role },
  { key: 'limits', title: 'Limited to', below: 1024, render: (key) => limitsOf(key).join('; ') },
  { key: 'used', title: 'Last used', width: 120, render: (key) => <Ago time={key.last_used_at} empty="never" /> },
  { key: 'ends', title: 'Ends', width: 110, below: 1024, render: (key) => <Ago time={key.expires_at} empty="never" /> },
];

export default function ApiKeysPage() {
  const [values, set] = useSearchParams(search);
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<string>();
  const whyNot = useWhyNot('api-keys:write');
  const keys = useApiKeys();
  const button = (
    <Button
      leftSection={<Plus size={14} aria-hidden />}
      disabled={whyNot !== undefined}
      title={whyNot}
      onClick={() => setCreating(true)}
    >
      Create key
    </Button>
  );
  return (
    <Page
      title="API keys"
      ready={!keys.isPending}
      actions={button}
      aside={
        values.key ? (
          <Sheet title="API key" onClose={() => set({ key: '' })}>
            <KeyDetail key={values.key} id={values.key} />
          </Sheet>
        ) : undefined
      }
    >
      <Panel flush>
        {keys.isPending ? (
          <Loading rows={6} />
        ) : keys.isError ? (
          <Failed error={keys.error} what="The list of keys" onRetry={() => void keys.refetch()} />
        ) : keys.items.length > 0 ? (
          <DataTable
            label="API keys"
            rows={keys.items}
            rowKey={(key) => key.id}
            columns={columns}
            active={values.key}
            onOpen={(key) => set({ key: key.id }, 'push')}
            more={keys.more}
          />
        ) : (
          <Empty action={button} command="sluice key create --role developer">
            No key yet. Programs and SDKs sign in with one.
          </Empty>
        )}
      </Panel>
      <CreateKey key={String(creating)} opened={creating} onClose={() => setCreating(false)} onMade={setMade} />
      <Once title="The new key" label="key" value={made} onClose={() => setMade(undefined)}>
        It is shown this once: only its hash is kept. Copy it to where it is used, never into a flow.
      </Once>
    </Page>
  );
}
