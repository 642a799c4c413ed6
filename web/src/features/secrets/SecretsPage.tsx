// Secrets that flows use by name. A value can be set and replaced, never read.

import { Checkbox, PasswordInput, TagsInput, TextInput } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty, Loaded } from '@/components/States';
import { Ago, Id } from '@/components/Values';
import { Who } from '@/components/Who';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { sayBindings } from './bindings';
import {
  type Bindings,
  type Secret,
  useCreateSecret,
  useDeleteSecret,
  useEditSecret,
  useNewValue,
  useSecret,
  useSecrets,
} from './queries';

const search = searchParams({ secret: text() });

const columns: Column<Secret>[] = [
  { key: 'name', title: 'Name', render: (secret) => <span className="mono">{secret.name}</span>, card: 'title' },
  { key: 'about', title: 'About', below: 1280, render: (secret) => secret.description },
  { key: 'bound', title: 'Used', render: (secret) => sayBindings(secret.bindings) },
  { key: 'version', title: 'Version', width: 80, align: 'right', render: (secret) => secret.version },
  { key: 'changed', title: 'Changed', width: 110, render: (secret) => <Ago time={secret.updated_at} /> },
];

export default function SecretsPage() {
  const [values, set] = useSearchParams(search);
  const [creating, setCreating] = useState(false);
  const secrets = useSecrets();
  const button = (
    <Permitted permission="secrets:write" icon={Plus} onClick={() => setCreating(true)}>
      Create secret
    </Permitted>
  );
  return (
    <Page
      title="Secrets"
      ready={!secrets.isPending}
      actions={button}
      aside={
        values.secret ? (
          <Sheet title="Secret" onClose={() => set({ secret: '' })}>
            <Detail key={values.secret} id={values.secret} onGone={() => set({ secret: '' })} />
          </Sheet>
        ) : undefined
      }
    >
      <List
        query={secrets}
        what="secrets"
        empty={
          <Empty action={button} command="sluice secrets set NAME">
            No secret yet. Flows name one as {'{{ secrets.NAME }}'} in fields that may hold it.
          </Empty>
        }
        label="Secrets"
        rows={secrets.items}
        rowKey={(secret) => secret.id}
        columns={columns}
        active={values.secret}
        onOpen={(secret) => set({ secret: secret.id }, 'push')}
        more={secrets.more}
      />
      <CreateSecret key={String(creating)} opened={creating} onClose={() => setCreating(false)} />
    </Page>
  );
}

function BindingFields({ value, onChange }: { value: Bindings; onChange: (value: Bindings) => void }) {
  return (
    <>
      <TagsInput
        label="May be sent to these hosts"
        description="Empty: nowhere"
        placeholder="api.example.com"
        value={value.hosts ?? []}
        onChange={(hosts) => onChange({ ...value, hosts })}
      />
      <TagsInput
        label="By these flows"
        description="Empty: every flow of the workspace"
        value={value.flows ?? []}
        onChange={(flows) => onChange({ ...value, flows })}
      />
      <TagsInput
        label="In these node types"
        description="Empty: every one that has a place for secrets"
        value={value.node_types ?? []}
        onChange={(types) => onChange({ ...value, node_types: types })}
      />
      <Checkbox
        label="Everybody who writes flows may use it"
        checked={value.developers ?? false}
        onChange={(event) => onChange({ ...value, developers: event.currentTarget.checked })}
      />
    </>
  );
}

function CreateSecret({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateSecret();
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const [about, setAbout] = useState('');
  const [bindings, setBindings] = useState<Bindings>({});
  const nameWrong = name !== '' && !/^[A-Za-z0-9_]{1,64}$/.test(name);
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Create secret"
      action="Create secret"
      disabled={name === '' || nameWrong || value === ''}
      onConfirm={() =>
        create.mutateAsync({ name, value, ...(about.trim() ? { description: about.trim() } : {}), bindings })
      }
    >
      <div className="stack">
        <TextInput
          label="Name"
          value={name}
          error={nameWrong && 'Letters, digits and underscores'}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
        />
        <PasswordInput
          label="Value"
          description="It cannot be read again"
          value={value}
          autoComplete="off"
          onChange={(event) => setValue(event.currentTarget.value)}
          required
        />
        <TextInput label="About" value={about} onChange={(event) => setAbout(event.currentTarget.value)} />
        <BindingFields value={bindings} onChange={setBindings} />
      </div>
    </Confirm>
  );
}

function Detail({ id, onGone }: { id: string; onGone: () => void }) {
  return (
    <Loaded query={useSecret(id)} what="The secret">
      {(secret) => <SecretFacts secret={secret} onGone={onGone} />}
    </Loaded>
  );
}

function SecretFacts({ secret, onGone }: { secret: Secret; onGone: () => void }) {
  const [asking, setAsking] = useState<'value' | 'edit' | 'delete'>();
  const [value, setValue] = useState('');
  const [about, setAbout] = useState(secret.description ?? '');
  const [bindings, setBindings] = useState<Bindings>(secret.bindings);
  const newValue = useNewValue(secret.id);
  const edit = useEditSecret(secret.id);
  const remove = useDeleteSecret(secret.id);
  const close = () => {
    setAsking(undefined);
    setValue('');
  };
  const button = (what: typeof asking, label: string) => (
    <Permitted permission="secrets:write" onClick={() => setAsking(what)}>
      {label}
    </Permitted>
  );
  return (
    <div className="stack">
      <div className="row wrap">
        {button('value', 'Set new value')}
        {button('edit', 'Edit')}
        {button('delete', 'Delete')}
      </div>
      <Facts
        facts={[
          [
            'Name',
            <span key="name" className="mono">
              {secret.name}
            </span>,
          ],
          ['In a flow', <code key="use">{`{{ secrets.${secret.name} }}`}</code>],
          ['About', secret.description],
          ['Used', sayBindings(secret.bindings)],
          ['Version', secret.version],
          ...(secret.previous_ends_at
            ? ([['Version before kept until', <Ago key="before" time={secret.previous_ends_at} />]] as [
                string,
                React.ReactNode,
              ][])
            : []),
          ['Changed', <Ago key="changed" time={secret.updated_at} />],
          ['Made by', <Who key="by" id={secret.created_by} />],
          ['Id', <Id key="id" id={secret.id} />],
        ]}
      />
      <Confirm
        opened={asking === 'value'}
        onClose={close}
        title={`New value of ${secret.name}`}
        action="Set value"
        disabled={value === ''}
        onConfirm={() => newValue.mutateAsync(value)}
      >
        <PasswordInput
          label="Value"
          description="Steps that start from now on use it"
          value={value}
          autoComplete="off"
          onChange={(event) => setValue(event.currentTarget.value)}
          data-autofocus
        />
      </Confirm>
      <Confirm
        opened={asking === 'edit'}
        onClose={close}
        title={`Edit ${secret.name}`}
        action="Save secret"
        onConfirm={() => edit.mutateAsync({ description: about, bindings })}
      >
        <div className="stack">
          <TextInput label="About" value={about} onChange={(event) => setAbout(event.currentTarget.value)} />
          <BindingFields value={bindings} onChange={setBindings} />
        </div>
      </Confirm>
      <Confirm
        opened={asking === 'delete'}
        onClose={close}
        title="Delete secret"
        action="Delete secret"
        danger
        typed={secret.name}
        onConfirm={async () => {
          await remove.mutateAsync(undefined);
          onGone();
        }}
      >
        Steps that name it fail from now on, with a message that says so.
      </Confirm>
    </div>
  );
}
