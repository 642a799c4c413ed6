// Models and what they cost: now, and in each dated version. Prices of calls that were made never change.

import { Button, Textarea } from '@mantine/core';
import { Upload } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import type { Column } from '@/components/DataTable';
import { JsonView } from '@/components/data/JsonView';
import { FilterBar, FilterText } from '@/components/FilterBar';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty, Loaded, Loading, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatCount, formatDate } from '@/lib/format';
import { searchParams, text, useSearchParams } from '@/lib/search';
import { linesOf, present, priceOf } from './price';
import { type Model, useImport, useModels, usePrices } from './queries';

const search = searchParams({ q: text(), model: text() });
const keyOf = (model: Model) => `${model.provider}/${model.id}`;

const columns: Column<Model>[] = [
  { key: 'id', title: 'Model', render: (model) => model.id, card: 'title' },
  { key: 'provider', title: 'Provider', width: 140, render: (model) => model.provider },
  { key: 'kind', title: 'Kind', width: 100, below: 1280, render: (model) => model.kind },
  {
    key: 'context',
    title: 'Context',
    width: 90,
    align: 'right',
    below: 1024,
    render: (model) => (model.context_window ? formatCount(model.context_window) : ''),
  },
  { key: 'in', title: 'Input, 1M', width: 100, align: 'right', render: (model) => priceOf(present(model), 'input') },
  {
    key: 'out',
    title: 'Output, 1M',
    width: 100,
    align: 'right',
    render: (model) => (model.kind === 'embedding' ? '' : priceOf(present(model), 'output')),
  },
  {
    key: 'until',
    title: 'Price until',
    width: 120,
    below: 1024,
    render: (model) => {
      const end = present(model)?.valid_to;
      return end ? formatDate(end) : '';
    },
  },
];

export default function ModelsPage() {
  const [values, set] = useSearchParams(search);
  const [importing, setImporting] = useState(false);
  const models = useModels('');
  const wanted = values.q.toLowerCase();
  const shown = wanted
    ? models.items.filter((model) =>
        `${keyOf(model)} ${(model.aliases ?? []).join(' ')}`.toLowerCase().includes(wanted),
      )
    : models.items;
  const open = models.items.find((model) => keyOf(model) === values.model);
  return (
    <Page
      title="Models"
      ready={!models.isPending}
      actions={
        <Permitted permission="system:write" icon={Upload} onClick={() => setImporting(true)}>
          Import prices
        </Permitted>
      }
      aside={
        open ? (
          <Sheet title={open.id} onClose={() => set({ model: '' })}>
            <Detail key={keyOf(open)} model={open} />
          </Sheet>
        ) : undefined
      }
    >
      <FilterBar onClear={values.q ? () => set({ q: '' }) : undefined}>
        <FilterText value={values.q} onChange={(q) => set({ q })} placeholder="Model or provider" />
      </FilterBar>
      <List
        query={models}
        what="loaded models"
        lines={8}
        onClear={values.q ? () => set({ q: '' }) : undefined}
        empty={<Empty command="sluice models list">The catalogue is empty.</Empty>}
        label="Models"
        rows={shown}
        rowKey={keyOf}
        columns={columns}
        active={values.model}
        onOpen={(model) => set({ model: keyOf(model) }, 'push')}
        more={models.more}
      />
      <Import key={String(importing)} opened={importing} onClose={() => setImporting(false)} />
    </Page>
  );
}

function Detail({ model }: { model: Model }) {
  return (
    <div className="stack">
      <Facts
        facts={[
          ['Provider', model.provider],
          ['Also called', (model.aliases ?? []).join(', ') || 'nothing else'],
          ['Kind', model.kind],
          ['Context', model.context_window ? `${formatCount(model.context_window)} tokens` : 'unknown'],
          ['Most output', model.max_output_tokens ? `${formatCount(model.max_output_tokens)} tokens` : 'unknown'],
          ['Takes', (model.input_modalities ?? []).join(', ')],
          ['Can', (model.capabilities ?? []).join(', ')],
        ]}
      />
      <Loaded query={usePrices(model.provider, model.id)} what="The prices" shape={<Loading rows={4} />}>
        {(prices) => (
          <>
            {prices.length === 0 && <p className="quiet">No price is known: a call under a hard limit is refused.</p>}
            {prices.map((price) => (
              <Panel
                key={price.price_version}
                title={`From ${formatDate(price.valid_from)}${price.valid_to ? ` until ${formatDate(price.valid_to)}` : ''}`}
                actions={price.in_use === false ? <StatusMark status="disabled" word="no longer used" /> : undefined}
              >
                <Facts
                  facts={[
                    ...linesOf(price),
                    ['Said by', price.source],
                    ['As of', price.as_of],
                    ['Came by', price.origin],
                    [
                      'Version',
                      <span key="version" className="mono">
                        {price.price_version}
                      </span>,
                    ],
                  ]}
                />
                {(price.tiers?.length ?? 0) > 0 && <JsonView label="Tiers" value={price.tiers as never} />}
              </Panel>
            ))}
          </>
        )}
      </Loaded>
    </div>
  );
}

function Import({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState('');
  const dry = useImport();
  const real = useImport();
  const parse = () => {
    try {
      setWrong('');
      return JSON.parse(typed) as unknown;
    } catch (error) {
      setWrong((error as Error).message);
      return undefined;
    }
  };
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Import prices"
      action="Import prices"
      disabled={!dry.data}
      onConfirm={() => real.mutateAsync({ catalogue: parse(), dryRun: false })}
    >
      <div className="stack">
        <p>A catalogue as in config/models.json. Versions are added and never changed. It is tried first.</p>
        <input
          type="file"
          accept=".json,application/json"
          aria-label="Catalogue file"
          onChange={(event) => void event.currentTarget.files?.[0]?.text().then(setTyped)}
        />
        <Textarea
          label="Catalogue"
          value={typed}
          rows={8}
          error={wrong}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            dry.reset();
          }}
        />
        <Button
          loading={dry.isPending}
          disabled={typed.trim() === ''}
          onClick={() => {
            const catalogue = parse();
            if (catalogue !== undefined) dry.mutate({ catalogue, dryRun: true });
          }}
        >
          Try
        </Button>
        <ProblemText error={dry.error} />
        {dry.data && <JsonView label="What would be added" value={dry.data as never} maxHeight={200} />}
      </div>
    </Confirm>
  );
}
