// Limits on what calls of models may cost, at every scope, and how much of each is used.

import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Column } from '@/components/DataTable';
import { FilterBar, FilterChoice } from '@/components/FilterBar';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Permitted } from '@/components/Permitted';
import { Sheet } from '@/components/Sheet';
import { Empty } from '@/components/States';
import { Ago, Money } from '@/components/Values';
import { Scope } from '@/components/Who';
import { formatWord } from '@/lib/format';
import { oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { BudgetDetail } from './BudgetDetail';
import { BudgetForm } from './BudgetForm';
import { type Budget, scopeTypes, useBudgets, useCreateBudget } from './queries';
import { UsageBar } from './UsageBar';

const search = searchParams({ scope: oneOf(scopeTypes), budget: text() });

const columns: Column<Budget>[] = [
  { key: 'scope', title: 'Of', render: (budget) => <Scope scope={budget.scope} />, card: 'title' },
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
  {
    key: 'action',
    title: 'Then',
    width: 130,
    below: 1024,
    render: (budget) => (budget.needs_approval ? 'Approval needed' : formatWord(budget.action ?? '')),
  },
  {
    key: 'resets',
    title: 'Resets',
    width: 110,
    below: 1024,
    render: (budget) => <Ago time={budget.resets_at} empty="never" />,
  },
];

export default function BudgetsPage() {
  const [values, set] = useSearchParams(search);
  const [creating, setCreating] = useState(false);
  const create = useCreateBudget();
  const budgets = useBudgets({ scope_type: values.scope || undefined });
  const clear = () => set({ scope: '' });
  const button = (
    <Permitted permission="budgets:write" icon={Plus} onClick={() => setCreating(true)}>
      Create budget
    </Permitted>
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
      <List
        query={budgets}
        what="budgets"
        onClear={values.scope ? clear : undefined}
        empty={
          <Empty action={button} command="sluice budgets create --scope workspace --window month --limit 50">
            No budget yet: calls of models are recorded, and nothing limits what they cost.
          </Empty>
        }
        label="Budgets"
        rows={budgets.items}
        rowKey={(budget) => budget.id}
        columns={columns}
        active={values.budget}
        onOpen={(budget) => set({ budget: budget.id }, 'push')}
        more={budgets.more}
      />
      <BudgetForm
        key={String(creating)}
        opened={creating}
        onClose={() => setCreating(false)}
        onSave={create.mutateAsync}
      />
    </Page>
  );
}
