// Makes a budget, or changes one: its scope and window always stay.

import { Checkbox, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { kindOfWho, sayScope } from '@/components/say_who';
import { useWho } from '@/components/Who';
import { amountMistake, formatWord } from '@/lib/format';
import { actions, type Budget, type NewBudget, type ScopeType, scopeTypes, windows } from './queries';
import { isSingle } from './scope';

const options = (words: readonly string[]) => words.map((value) => ({ value, label: formatWord(value) }));
const zones = () => Intl.supportedValuesOf('timeZone');

export function BudgetForm(props: {
  opened: boolean;
  onClose: () => void;
  budget?: Budget;
  onSave: (body: NewBudget) => Promise<unknown>;
}) {
  const { opened, onClose, budget, onSave } = props;
  const say = useWho([kindOfWho(budget?.scope?.id ?? '')]);
  const [scope, setScope] = useState<ScopeType>('workspace');
  const [name, setName] = useState('');
  const [window, setWindow] = useState<NewBudget['window']>('month');
  const [limit, setLimit] = useState(budget?.limit_usd ?? '');
  const [action, setAction] = useState<string>(budget?.action ?? 'block');
  const [downgrade, setDowngrade] = useState(budget?.downgrade_to ?? '');
  const [zone, setZone] = useState(budget?.time_zone ?? 'UTC');
  const [carry, setCarry] = useState(budget?.carry_over ?? false);
  const [alerts, setAlerts] = useState((budget?.alerts ?? [50, 80, 100]).join(', '));
  const percents = alerts
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean)
    .map(Number);
  const alertsWrong = percents.some((value) => !Number.isInteger(value) || value < 1 || value > 1000);
  const limitWrong = amountMistake(limit);
  const lacks =
    limitWrong !== undefined ||
    alertsWrong ||
    (!budget && !isSingle(scope) && name.trim() === '') ||
    (action === 'downgrade' && downgrade.trim() === '');
  const body = {
    limit_usd: limit.trim(),
    action,
    ...(action === 'downgrade' ? { downgrade_to: downgrade.trim() } : {}),
    time_zone: zone,
    carry_over: carry,
    alerts: percents,
    ...(budget ? {} : { scope: { type: scope, ...(isSingle(scope) ? {} : { id: name.trim() }) }, window }),
  } as NewBudget;
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={budget ? `Budget of ${sayScope(budget.scope, say)}` : 'Create budget'}
      action={budget ? 'Save budget' : 'Create budget'}
      disabled={lacks}
      onConfirm={() => onSave(body)}
    >
      <div className="stack">
        {!budget && (
          <>
            <div className="two">
              <Select
                label="Of"
                data={options(scopeTypes)}
                value={scope}
                allowDeselect={false}
                onChange={(value) => value && setScope(value as ScopeType)}
              />
              <Select
                label="In each"
                data={options(windows)}
                value={window}
                allowDeselect={false}
                onChange={(value) => value && setWindow(value as NewBudget['window'])}
              />
            </div>
            {!isSingle(scope) && (
              <TextInput
                label={scope === 'api_key' || scope === 'user' || scope === 'run' ? 'Its id' : 'Its name'}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                required
              />
            )}
          </>
        )}
        <div className="two">
          <TextInput
            label="Limit in US dollars"
            inputMode="decimal"
            value={limit}
            onChange={(event) => setLimit(event.currentTarget.value)}
            error={limit !== '' && limitWrong}
            required
            data-autofocus
          />
          <Select
            label="A call that does not fit"
            data={[
              { value: 'block', label: 'is blocked' },
              { value: 'require_approval', label: 'is refused until approved' },
              { value: 'downgrade', label: 'takes another model' },
              { value: 'warn', label: 'is only reported' },
            ].filter((one) => actions.includes(one.value as (typeof actions)[number]))}
            value={action}
            allowDeselect={false}
            onChange={(value) => value && setAction(value)}
          />
        </div>
        {action === 'downgrade' && (
          <TextInput
            label="The other model"
            value={downgrade}
            onChange={(event) => setDowngrade(event.currentTarget.value)}
            required
          />
        )}
        <div className="two">
          <Select
            label="Time zone of its days"
            data={['UTC', ...zones().filter((one) => one !== 'UTC')]}
            value={zone}
            searchable
            allowDeselect={false}
            onChange={(value) => value && setZone(value)}
          />
          <TextInput
            label="Alerts at percent"
            value={alerts}
            onChange={(event) => setAlerts(event.currentTarget.value)}
            error={alertsWrong && 'Whole numbers from 1 to 1000, with commas between'}
          />
        </div>
        <Checkbox
          label="What a period leaves is added to the next one, once"
          checked={carry}
          onChange={(event) => setCarry(event.currentTarget.checked)}
        />
      </div>
    </Confirm>
  );
}
