// Limits on what calls of models may cost, at every scope, and how much of each is used.

import { Button } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { type Column, DataTable } from '@/components/DataTable';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Sheet } from '@/components/Sheet';
import { Empty, Failed, FilteredEmpty, Loading } from '@/components/States';
import { Ago, Money } from '@/components/Values';
import { formatWord } from '@/lib/format';
import { oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { BudgetDetail } from './BudgetDetail';
import { BudgetForm } from './BudgetForm';
import { type Budget, scopeTypes, useBudgets, useCreateBudget } from './queries';
import { sayScope } from './scope';
import { UsageBar } from './UsageBar';

const search = searchParams({ scope: oneOf(scopeTypes), budget: text() });

const columns: Column<Budget>[] = [
  { key: 'scope', title: 'Of', render: (budget) => sayScope(budget.scope), card: 'title' },
  { key: 'window', title: 'Each', width: 80, render: (budget) => budget.window },
  { key: 'used', title: 'Used', width: 170, render: (budget) => <UsageBar budget={budget} /> },
  { key: 'spent', title: 'Spent', width: 90, align: 'right', render: (budget) => <Money usd={budget.spent_usd} /> },
  {
    key: 'held',
    title: 'Held',
    width: 90,
    align: 'right',
    below: 1280,
    render: (budget) => <Money usd={budget.held_usd} />,
  },
  {
    key: 'limit',
    title: 'Limit',
    width: 100,
    align: 'right',
    render: (budget) => <Money usd={budget.present_limit_usd ?? budget.limit_usd} />,
  },
  { key: 'action', title: 'Then', width: 130, below: 1024, render: (budget) => formatWord(budget.action ?? '') },
  {
    key: 'resets',
    title: 'Resets',
    width: 110,
    below: 1024,
    render: (budget) => <Ago time={budget.resets_at} empty="never" />,
  },
];

/** Beside the details of one the list has room for these. */
const besideDetails = columns.filter((column) => !['held', 'action', 'resets'].includes(column.key));

export default function BudgetsPage() {
  const [values, set] = useSearchParams(search);
  const [creating, setCreating] = useState(false);
  const whyNot = useWhyNot('budgets:write');
  const create = useCreateBudget();
  const budgets = useBudgets({ scope_type: values.scope || undefined });
  const clear = () => set({ scope: '' });
  const button = (
    <Button
      leftSection={<Plus size={14} aria-hidden />}
      disabled={whyNot !== undefined}
      title={whyNot}
      onClick={() => setCreating(true)}
    >
      Create budget
    </Button>
  );
  return (
    <Page
      title="Budgets"
      ready={!budgets.isPending}
      actions={button}
      aside={
        values.budget ? (
          <Sheet title="Budget" onClose={() => set({ budget: '' })}>
            <BudgetDetail key={values.budget} id={values.budget} onGone={() => set({ budget: '' })} />
          </Sheet>
        ) : undefined
      }
    >
      <FilterBar onClear={values.scope ? clear : undefined}>
        <FilterChoice
          label="Scope"
          one
          options={scopeTypes}
          value={values.scope ? [values.scope] : []}
          onChange={([scope]) => set({ scope: scope ?? '' })}
        />
      </FilterBar>
      <Panel flush>
        {budgets.isPending ? (
          <Loading rows={6} />
        ) : budgets.isError ? (
          <Failed error={budgets.error} what="The list of budgets" onRetry={() => void budgets.refetch()} />
        ) : budgets.items.length > 0 ? (
          <DataTable
            label="Budgets"
            rows={budgets.items}
            rowKey={(budget) => budget.id}
            columns={values.budget ? besideDetails : columns}
            active={values.budget}
            onOpen={(budget) => set({ budget: budget.id }, 'push')}
            more={budgets.more}
          />
        ) : values.scope ? (
          <FilteredEmpty what="budgets" onClear={clear} />
        ) : (
          <Empty action={button} command="sluice budgets create --scope workspace --window month --limit 50">
            No budget yet: calls of models are recorded, and nothing limits what they cost.
          </Empty>
        )}
      </Panel>
      <BudgetForm
        key={String(creating)}
        opened={creating}
        onClose={() => setCreating(false)}
        onSave={create.mutateAsync}
      />
    </Page>
  );
}
