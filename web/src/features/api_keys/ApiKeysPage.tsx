// The workspace's API keys: who they are, what they are limited to, when they were last used.

import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Column } from '@/components/DataTable';
import { List } from '@/components/List';
import { Once } from '@/components/Once';
import { Page } from '@/components/Page';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty } from '@/components/States';
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
  const keys = useApiKeys();
  const button = (
    <Permitted permission="api-keys:write" icon={Plus} onClick={() => setCreating(true)}>
      Create key
    </Permitted>
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
      <List
        query={keys}
        what="keys"
        empty={
          <Empty action={button} command="sluice key create --role developer">
            No key yet. Programs and SDKs sign in with one.
          </Empty>
        }
        label="API keys"
        rows={keys.items}
        rowKey={(key) => key.id}
        columns={columns}
        active={values.key}
        onOpen={(key) => set({ key: key.id }, 'push')}
        more={keys.more}
      />
      <CreateKey key={String(creating)} opened={creating} onClose={() => setCreating(false)} onMade={setMade} />
      <Once title="The new key" label="key" value={made} onClose={() => setMade(undefined)}>
        It is shown this once: only its hash is kept. Copy it to where it is used, never into a flow.
      </Once>
    </Page>
  );
}
