// How many calls and tokens a minute, and which models, by scope.

import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Permitted } from '@/components/Permitted';
import { Empty } from '@/components/States';
import { kindOfWho, sayScope } from '@/components/say_who';
import { Scope, useWho } from '@/components/Who';
import { formatCount, formatWord } from '@/lib/format';
import {
  type ModelLimit,
  type NewModelLimit,
  type ScopeType,
  scopeTypes,
  useCreateLimit,
  useDeleteLimit,
  useEditLimit,
  useModelLimits,
} from './queries';

/** "58 of 60": what is left at once, of what a minute allows. */
const sayRate = (most: number | null | undefined, left: number | null | undefined) =>
  most == null ? '' : left == null ? formatCount(most) : `${formatCount(left)} of ${formatCount(most)}`;

export default function ModelLimitsPage() {
  const limits = useModelLimits();
  const [editing, setEditing] = useState<ModelLimit | 'new'>();
  const [deleting, setDeleting] = useState<ModelLimit>();
  const remove = useDeleteLimit();
  const button = (
    <Permitted permission="budgets:write" icon={Plus} onClick={() => setEditing('new')}>
      Create limit
    </Permitted>
  );
  const columns: Column<ModelLimit>[] = [
    { key: 'scope', title: 'Of', render: (limit) => <Scope scope={limit.scope} />, card: 'title' },
    { key: 'model', title: 'Counts', width: 160, render: (limit) => limit.model ?? 'all models' },
    {
      key: 'requests',
      title: 'Calls left',
      width: 130,
      align: 'right',
      render: (limit) => sayRate(limit.requests_per_minute, limit.requests_left),
    },
    {
      key: 'tokens',
      title: 'Tokens left',
      width: 150,
      align: 'right',
      render: (limit) => sayRate(limit.tokens_per_minute, limit.tokens_left),
    },
    { key: 'models', title: 'Only these', below: 1024, render: (limit) => (limit.models ?? []).join(', ') },
    {
      key: 'act',
      title: '',
      width: 150,
      render: (limit) => (
        <span className="row">
          <Permitted permission="budgets:write" size="compact-xs" onClick={() => setEditing(limit)}>
            Edit
          </Permitted>
          <Permitted permission="budgets:write" size="compact-xs" onClick={() => setDeleting(limit)}>
            Delete
          </Permitted>
        </span>
      ),
    },
  ];
  return (
    <Page title="Model limits" ready={!limits.isPending} actions={button}>
      <List
        query={limits}
        what="limits"
        lines={4}
        empty={
          <Empty action={button} command="sluice model-limits create --scope workspace --requests-per-minute 600">
            No limit yet: calls of models are as many as providers take.
          </Empty>
        }
        label="Model limits"
        rows={limits.items}
        rowKey={(limit) => limit.id}
        columns={columns}
        more={limits.more}
      />
      <LimitForm
        key={editing === 'new' ? 'new' : editing?.id}
        limit={editing === 'new' ? undefined : editing}
        opened={editing !== undefined}
        onClose={() => setEditing(undefined)}
      />
      <Confirm
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title="Delete limit"
        action="Delete limit"
        danger
        onConfirm={() => remove.mutateAsync(deleting?.id ?? '')}
      >
        {deleting && (
          <>
            Calls of <Scope scope={deleting.scope} /> are not limited by it any more.
          </>
        )}
      </Confirm>
    </Page>
  );
}

function LimitForm({ limit, opened, onClose }: { limit?: ModelLimit; opened: boolean; onClose: () => void }) {
  const create = useCreateLimit();
  const edit = useEditLimit();
  const say = useWho([kindOfWho(limit?.scope.id ?? '')]);
  const [scope, setScope] = useState<ScopeType>('workspace');
  const [name, setName] = useState('');
  const [model, setModel] = useState('');
  const [requests, setRequests] = useState<number | ''>(limit?.requests_per_minute ?? '');
  const [tokens, setTokens] = useState<number | ''>(limit?.tokens_per_minute ?? '');
  const [models, setModels] = useState<string[]>(limit?.models ?? []);
  const number = (value: string | number) => (typeof value === 'number' ? value : ('' as const));
  const nothing = requests === '' && tokens === '' && models.length === 0;
  const rates = {
    requests_per_minute: requests === '' ? null : requests,
    tokens_per_minute: tokens === '' ? null : tokens,
    models: models.length > 0 ? models : null,
  };
  const body: NewModelLimit = {
    scope: { type: scope, ...(scope === 'workspace' ? {} : { id: name.trim() }) },
    ...(model.trim() ? { model: model.trim() } : {}),
    ...rates,
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={limit ? `Limit of ${sayScope(limit.scope, say)}` : 'Create limit'}
      action={limit ? 'Save limit' : 'Create limit'}
      disabled={nothing || (!limit && scope !== 'workspace' && name.trim() === '')}
      onConfirm={() => (limit ? edit.mutateAsync({ id: limit.id, body: rates }) : create.mutateAsync(body))}
    >
      <div className="stack">
        {!limit && (
          <>
            <Select
              label="Of"
              data={scopeTypes.map((value) => ({ value, label: formatWord(value) }))}
              value={scope}
              allowDeselect={false}
              onChange={(value) => value && setScope(value as ScopeType)}
            />
            {scope !== 'workspace' && (
              <TextInput
                label={scope === 'api_key' || scope === 'user' ? 'Its id' : 'Its name'}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                required
              />
            )}
            {scope !== 'model' && (
              <TextInput
                label="Counts calls of"
                description="A model, or a beginning and *; empty: all"
                value={model}
                onChange={(event) => setModel(event.currentTarget.value)}
              />
            )}
          </>
        )}
        <NumberInput
          label="Calls a minute"
          min={1}
          allowDecimal={false}
          value={requests}
          onChange={(value) => setRequests(number(value))}
        />
        <NumberInput
          label="Tokens a minute, input and output together"
          min={1}
          allowDecimal={false}
          value={tokens}
          onChange={(value) => setTokens(number(value))}
        />
        <TagsInput
          label="Only these models may be called"
          placeholder="gpt-*, anthropic/*"
          value={models}
          onChange={setModels}
        />
      </div>
    </Confirm>
  );
}
