// One budget: where it stands, where it is going, what a crash left open; changed, raised for a time, deleted.

import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { Link } from '@/components/Link';
import { Facts, Panel } from '@/components/Panel';
import { Permitted } from '@/components/Permitted';
import { Loaded } from '@/components/States';
import { Ago, Id, Money } from '@/components/Values';
import { Scope, Who } from '@/components/Who';
import { amountMistake, formatTime, formatWord } from '@/lib/format';
import { BudgetForm } from './BudgetForm';
import {
  type Budget,
  useBudget,
  useDeleteBudget,
  useEditBudget,
  useForecast,
  useRaise,
  useResolveUnknown,
  useUnknown,
} from './queries';
import { UsageBar } from './UsageBar';

export function BudgetDetail({ id, onGone }: { id: string; onGone: () => void }) {
  return (
    <Loaded query={useBudget(id)} what="The budget">
      {({ data, etag }) => <Detail budget={data} etag={etag} onGone={onGone} />}
    </Loaded>
  );
}

type Asking = 'edit' | 'raise' | 'delete';

function Detail({ budget, etag, onGone }: { budget: Budget; etag: string; onGone: () => void }) {
  const [asking, setAsking] = useState<Asking>();
  const edit = useEditBudget(budget.id);
  const remove = useDeleteBudget(budget.id);
  const close = () => setAsking(undefined);
  const button = (what: Asking, label: string) => (
    <Permitted permission="budgets:write" onClick={() => setAsking(what)}>
      {label}
    </Permitted>
  );
  return (
    <div className="stack">
      <div className="row wrap">
        {button('edit', 'Edit')}
        {button('raise', 'Raise for a time')}
        {button('delete', 'Delete')}
      </div>
      {budget.needs_approval && (
        <p role="status">Calls did not fit and were refused. They pass when the budget is raised for a time.</p>
      )}
      <UsageBar budget={budget} />
      <Facts
        facts={[
          ['Of', <Scope key="of" scope={budget.scope} />],
          ['Each', budget.window],
          ['Limit', <Money key="limit" usd={budget.limit_usd} />],
          ...(budget.present_limit_usd !== budget.limit_usd
            ? ([['Limit now', <Money key="now" usd={budget.present_limit_usd} />]] as [string, React.ReactNode][])
            : []),
          ['Spent', <Money key="spent" usd={budget.spent_usd} />],
          ['Held by calls', <Money key="held" usd={budget.held_usd} />],
          ['Left', <Money key="left" usd={budget.left_usd} />],
          ['Then', formatWord(budget.action ?? '') + (budget.downgrade_to ? ` to ${budget.downgrade_to}` : '')],
          ['Alerts at', (budget.alerts ?? []).map((percent) => `${percent} %`).join(', ') || 'none'],
          ['Resets', budget.resets_at ? `${formatTime(budget.resets_at)}` : 'never'],
          ['Time zone', budget.time_zone],
          ...(budget.raise
            ? ([
                ['Raised by', <Money key="raise" usd={budget.raise.amount_usd} />],
                ['Until', formatTime(budget.raise.until ?? '')],
              ] as [string, React.ReactNode][])
            : []),
          ['Made by', <Who key="by" id={budget.created_by} />],
          ['Id', <Id key="id" id={budget.id} />],
        ]}
      />
      <Forecast id={budget.id} />
      <Unknown id={budget.id} />
      <Link to="/spend" search={spendSearch(budget)}>
        Calls of this scope
      </Link>
      <BudgetForm
        key={asking}
        opened={asking === 'edit'}
        onClose={close}
        budget={budget}
        onSave={(body) => edit.mutateAsync({ body, etag })}
      />
      <Raise budget={budget} opened={asking === 'raise'} onClose={close} />
      <Confirm
        opened={asking === 'delete'}
        onClose={close}
        title="Delete budget"
        action="Delete budget"
        danger
        onConfirm={async () => {
          await remove.mutateAsync(undefined);
          onGone();
        }}
      >
        Nothing limits <Scope scope={budget.scope} /> in each {budget.window} any more. What was spent stays recorded.
      </Confirm>
    </div>
  );
}

/** The spend of the same scope, where the ledger can be asked for it. */
function spendSearch(budget: Budget): Record<string, string | undefined> {
  const type = budget.scope?.type ?? '';
  const known = ['project', 'flow', 'agent', 'model', 'api_key', 'user', 'run'];
  return known.includes(type) ? { [type]: budget.scope?.id } : {};
}

function Forecast({ id }: { id: string }) {
  return (
    <Panel title="Forecast">
      <Loaded query={useForecast(id)} what="The forecast">
        {(forecast) =>
          forecast.per_day_usd == null ? (
            <p className="quiet">It is too early in the period to say.</p>
          ) : (
            <Facts
              facts={[
                ['A day', <Money key="day" usd={forecast.per_day_usd} />],
                ['At the end', <Money key="end" usd={forecast.projected_usd} empty="the period has no end" />],
                ['Limit reached', forecast.exceeds_at ? formatTime(forecast.exceeds_at) : 'not in this period'],
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Unknown({ id }: { id: string }) {
  const unknown = useUnknown(id);
  const [resolving, setResolving] = useState('');
  if (!unknown.data || unknown.data.length === 0) return null;
  return (
    <Panel title="Left open by a crash">
      <ul className="stack">
        {unknown.data.map((entry) => (
          <li key={entry.id} className="row wrap">
            <span className="grow">
              <Money usd={entry.amount_usd} /> counted as spent, found <Ago time={entry.at} />
              {entry.resolved_usd != null && (
                <>
                  ; it was <Money usd={entry.resolved_usd} />
                </>
              )}
            </span>
            {entry.resolved_usd == null && (
              <Permitted permission="budgets:write" size="compact-sm" onClick={() => setResolving(entry.id)}>
                Resolve
              </Permitted>
            )}
          </li>
        ))}
      </ul>
      <Resolve id={resolving} onClose={() => setResolving('')} />
    </Panel>
  );
}

function Resolve({ id, onClose }: { id: string; onClose: () => void }) {
  const resolve = useResolveUnknown();
  const [cost, setCost] = useState('');
  const [reason, setReason] = useState('');
  return (
    <Confirm
      opened={id !== ''}
      onClose={onClose}
      title="Resolve what a crash left open"
      action="Resolve entry"
      disabled={amountMistake(cost) !== undefined || reason.trim() === ''}
      onConfirm={() => resolve.mutateAsync({ id, body: { cost_usd: cost.trim(), reason: reason.trim() } })}
    >
      <div className="stack">
        <TextInput
          label="What it really cost, in US dollars"
          value={cost}
          onChange={(event) => setCost(event.currentTarget.value)}
          error={cost !== '' && amountMistake(cost)}
          required
          data-autofocus
        />
        <TextInput
          label="Where it is known from"
          placeholder="the provider's bill of 26 November"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
        />
      </div>
    </Confirm>
  );
}

function Raise({ budget, opened, onClose }: { budget: Budget; opened: boolean; onClose: () => void }) {
  const raise = useRaise(budget.id);
  const [amount, setAmount] = useState('');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const end = until ? new Date(until) : undefined;
  const past = end !== undefined && end.getTime() <= Date.now();
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Raise for a time"
      action="Raise limit"
      disabled={amountMistake(amount) !== undefined || !end || past || reason.trim() === ''}
      onConfirm={() =>
        raise.mutateAsync({ amount_usd: amount.trim(), until: end?.toISOString() ?? '', reason: reason.trim() })
      }
    >
      <div className="stack">
        <p>The limit is higher by the amount until the time comes; then it is as before. Another raise replaces it.</p>
        <TextInput
          label="By so many US dollars"
          inputMode="decimal"
          value={amount}
          onChange={(event) => setAmount(event.currentTarget.value)}
          error={amount !== '' && amountMistake(amount)}
          required
          data-autofocus
        />
        <TextInput
          type="datetime-local"
          label="Until"
          description="In the time of this computer"
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
          error={past && 'A time that is still to come'}
          required
        />
        <TextInput
          label="Reason, for the audit trail"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
        />
      </div>
    </Confirm>
  );
}
