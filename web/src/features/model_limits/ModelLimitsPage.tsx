// How many calls and tokens a minute, and which models, by scope.

import { Button, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { Confirm } from '@/components/Confirm';
import { type Column, DataTable } from '@/components/DataTable';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Failed, Loading } from '@/components/States';
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

const sayScope = (limit: ModelLimit) =>
  limit.scope.id ? `${formatWord(limit.scope.type ?? '')} ${limit.scope.id}` : formatWord(limit.scope.type ?? '');

/** "58 of 60": what is left at once, of what a minute allows. */
const sayRate = (most: number | null | undefined, left: number | null | undefined) =>
  most == null ? '' : left == null ? formatCount(most) : `${formatCount(left)} of ${formatCount(most)}`;

export default function ModelLimitsPage() {
  const limits = useModelLimits();
  const whyNot = useWhyNot('budgets:write');
  const [editing, setEditing] = useState<ModelLimit | 'new'>();
  const [deleting, setDeleting] = useState<ModelLimit>();
  const remove = useDeleteLimit();
  const button = (
    <Button
      leftSection={<Plus size={14} aria-hidden />}
      disabled={whyNot !== undefined}
      title={whyNot}
      onClick={() => setEditing('new')}
    >
      Create limit
    </Button>
  );
  const columns: Column<ModelLimit>[] = [
    { key: 'scope', title: 'Of', render: sayScope, card: 'title' },
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
          <Button size="compact-xs" disabled={whyNot !== undefined} title={whyNot} onClick={() => setEditing(limit)}>
            Edit
          </Button>
          <Button size="compact-xs" disabled={whyNot !== undefined} title={whyNot} onClick={() => setDeleting(limit)}>
            Delete
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Page title="Model limits" ready={!limits.isPending} actions={button}>
      <Panel flush>
        {limits.isPending ? (
          <Loading rows={4} />
        ) : limits.isError ? (
          <Failed error={limits.error} what="The list of limits" onRetry={() => void limits.refetch()} />
        ) : limits.items.length > 0 ? (
          <DataTable
            label="Model limits"
            rows={limits.items}
            rowKey={(limit) => limit.id}
            columns={columns}
            more={limits.more}
          />
        ) : (
          <Empty action={button} command="sluice model-limits create --scope workspace --requests-per-minute 600">
            No limit yet: calls of models are as many as providers take.
          </Empty>
        )}
      </Panel>
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
        {deleting && `Calls of ${sayScope(deleting)} are not limited by it any more.`}
      </Confirm>
    </Page>
  );
}

function LimitForm({ limit, opened, onClose }: { limit?: ModelLimit; opened: boolean; onClose: () => void }) {
  const create = useCreateLimit();
  const edit = useEditLimit();
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
      title={limit ? `Limit of ${sayScope(limit)}` : 'Create limit'}
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
