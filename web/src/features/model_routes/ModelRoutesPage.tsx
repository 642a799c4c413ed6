// Fallback order: names that stand for several models, and which of them is asked first.

import { ActionIcon, Button, NumberInput, Select, TextInput } from '@mantine/core';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Permitted } from '@/components/Permitted';
import { Empty } from '@/components/States';
import { Ago } from '@/components/Values';
import { formatShare } from '@/lib/format';
import { type ModelRoute, strategies, type Target, useDeleteRoute, useModelRoutes, useSaveRoute } from './queries';
import classes from './routes.module.css';
import { moved, shareOf } from './targets';

const says: Record<string, string> = {
  priority: 'in this order',
  weighted: 'by chance and weight',
  latency: 'the quickest of late first',
};

export default function ModelRoutesPage() {
  const routes = useModelRoutes();
  const [editing, setEditing] = useState<ModelRoute | 'new'>();
  const [deleting, setDeleting] = useState<ModelRoute>();
  const remove = useDeleteRoute();
  const button = (
    <Permitted permission="providers:write" icon={Plus} onClick={() => setEditing('new')}>
      Create route
    </Permitted>
  );
  const columns: Column<ModelRoute>[] = [
    { key: 'name', title: 'Name', render: (route) => <span className="mono">{route.name}</span>, card: 'title' },
    { key: 'targets', title: 'Targets', render: (route) => route.targets.map((target) => target.model).join(' → ') },
    { key: 'strategy', title: 'Asked', width: 180, render: (route) => says[route.strategy] ?? route.strategy },
    {
      key: 'attempts',
      title: 'Attempts',
      width: 80,
      align: 'right',
      below: 1024,
      render: (route) => route.max_attempts,
    },
    { key: 'changed', title: 'Changed', width: 110, below: 1024, render: (route) => <Ago time={route.updated_at} /> },
    {
      key: 'act',
      title: '',
      width: 150,
      render: (route) => (
        <span className="row">
          <Permitted permission="providers:write" size="compact-xs" onClick={() => setEditing(route)}>
            Edit
          </Permitted>
          <Permitted permission="providers:write" size="compact-xs" onClick={() => setDeleting(route)}>
            Delete
          </Permitted>
        </span>
      ),
    },
  ];
  return (
    <Page title="Model routes" ready={!routes.isPending} actions={button}>
      <List
        query={routes}
        what="routes"
        lines={4}
        empty={
          <Empty action={button} command="sluice model-routes set NAME --target MODEL --target MODEL">
            No route yet. A route is a name to call; when its first model fails before the first token, the next is
            asked.
          </Empty>
        }
        label="Model routes"
        rows={routes.data ?? []}
        rowKey={(route) => route.name}
        columns={columns}
      />
      <RouteForm
        key={editing === 'new' ? 'new' : editing?.name}
        route={editing === 'new' ? undefined : editing}
        opened={editing !== undefined}
        onClose={() => setEditing(undefined)}
      />
      <Confirm
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title="Delete route"
        action="Delete route"
        danger
        onConfirm={() => remove.mutateAsync(deleting?.name ?? '')}
      >
        Calls of {deleting?.name} are refused from now on.
      </Confirm>
    </Page>
  );
}

function RouteForm({ route, opened, onClose }: { route?: ModelRoute; opened: boolean; onClose: () => void }) {
  const save = useSaveRoute();
  const [name, setName] = useState(route?.name ?? '');
  const [strategy, setStrategy] = useState(route?.strategy ?? 'priority');
  const [targets, setTargets] = useState<Target[]>(route?.targets ?? [{ model: '' }, { model: '' }]);
  const [attempts, setAttempts] = useState(route?.max_attempts ?? 3);
  const named = targets.filter((target) => target.model.trim() !== '');
  const change = (index: number, part: Partial<Target>) =>
    setTargets(targets.map((target, at) => (at === index ? { ...target, ...part } : target)));
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={route ? `Route ${route.name}` : 'Create route'}
      action={route ? 'Save route' : 'Create route'}
      disabled={name.trim() === '' || named.length === 0}
      onConfirm={() =>
        save.mutateAsync({
          name: name.trim(),
          body: {
            strategy: strategy as never,
            max_attempts: attempts,
            targets: named.map((target) => ({
              model: target.model.trim(),
              ...(strategy === 'weighted' && target.weight ? { weight: target.weight } : {}),
            })),
          },
        })
      }
    >
      <div className="stack">
        {!route && (
          <TextInput
            label="Name"
            description="What callers give as the model"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
        )}
        <Select
          label="Which target is asked first"
          data={strategies.map((value) => ({ value, label: says[value] ?? value }))}
          value={strategy}
          allowDeselect={false}
          onChange={(value) => value && setStrategy(value)}
        />
        <ol className={classes.targets} aria-label="Targets">
          {targets.map((target, index) => (
            <li key={index}>
              <TextInput
                className="grow"
                aria-label={`Target ${index + 1}`}
                placeholder="model or provider/model"
                value={target.model}
                onChange={(event) => change(index, { model: event.currentTarget.value })}
              />
              {strategy === 'weighted' && (
                <>
                  <NumberInput
                    aria-label={`Weight of target ${index + 1}`}
                    w={80}
                    min={0.01}
                    max={1000}
                    value={target.weight ?? 1}
                    onChange={(value) => typeof value === 'number' && change(index, { weight: value })}
                  />
                  <span className="meta">{formatShare(shareOf(targets, index))}</span>
                </>
              )}
              <ActionIcon
                aria-label={`Target ${index + 1} up`}
                disabled={index === 0}
                onClick={() => setTargets(moved(targets, index, -1))}
              >
                <ArrowUp size={14} />
              </ActionIcon>
              <ActionIcon
                aria-label={`Target ${index + 1} down`}
                disabled={index === targets.length - 1}
                onClick={() => setTargets(moved(targets, index, 1))}
              >
                <ArrowDown size={14} />
              </ActionIcon>
              <ActionIcon
                aria-label={`Remove target ${index + 1}`}
                onClick={() => setTargets(targets.filter((_, at) => at !== index))}
              >
                <Trash2 size={14} />
              </ActionIcon>
            </li>
          ))}
        </ol>
        <div className="row">
          <Button
            leftSection={<Plus size={14} aria-hidden />}
            disabled={targets.length >= 20}
            onClick={() => setTargets([...targets, { model: '' }])}
          >
            Add target
          </Button>
        </div>
        <NumberInput
          label="Attempts over all targets"
          description="Before the first byte"
          min={1}
          max={10}
          allowDecimal={false}
          value={attempts}
          onChange={(value) => typeof value === 'number' && setAttempts(value)}
        />
      </div>
    </Confirm>
  );
}
