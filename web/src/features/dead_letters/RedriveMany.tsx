// A redrive of all letters of a filter: the exact filter, how many, the first five, before anything is done; then a bulk action
// with its own page.

import { NumberInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { useGo } from '@/components/Link';
import { Loading, ProblemText } from '@/components/States';
import { formatNumber } from '@/lib/format';
import classes from './dead_letters.module.css';
import { type LetterFilter, setOf, useRedriveMany, useRedrivePlan } from './queries';

export function RedriveMany({ filter, onClose }: { filter: LetterFilter | undefined; onClose: () => void }) {
  const [rate, setRate] = useState(5);
  const [canary, setCanary] = useState(1);
  const wanted = filter && setOf(filter);
  const plan = useRedrivePlan(wanted);
  const redrive = useRedriveMany();
  const go = useGo();
  const total = plan.data?.total;
  return (
    <Confirm
      opened={filter !== undefined}
      onClose={onClose}
      title="Redrive dead letters"
      action={total === undefined ? 'Redrive' : `Redrive ${formatNumber(total, 'letter')}`}
      disabled={!total}
      onConfirm={async () => {
        const action = await redrive.mutateAsync({ filter: wanted ?? {}, rate, canary });
        go({ to: '/bulk-actions/$id', params: { id: action.id } });
      }}
    >
      <div className="stack">
        <dl className={classes.filter}>
          {Object.entries(wanted ?? {}).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
        </dl>
        {plan.isError ? (
          <ProblemText error={plan.error} />
        ) : !plan.data ? (
          <Loading rows={4} />
        ) : (
          <>
            <p>
              {formatNumber(plan.data.total, 'letter')} {plan.data.total === 1 ? 'fits' : 'fit'} this filter. Each goes
              on from its failed step; finished steps are not executed again.
            </p>
            {plan.data.samples.length > 0 && (
              <ul className={classes.samples} aria-label="The first of them">
                {plan.data.samples.map((letter) => (
                  <li key={letter.id}>
                    <span className="mono">{letter.step}</span> of {letter.flow.name}:{' '}
                    <span className="error">{letter.error?.message}</span>
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
        <div className="row wrap">
          <NumberInput
            label="Letters a second"
            min={0.01}
            max={1000}
            value={rate}
            onChange={(value) => typeof value === 'number' && setRate(value)}
          />
          <NumberInput
            label="Canaries"
            description="Awaited before the rest"
            min={0}
            max={1000}
            allowDecimal={false}
            value={canary}
            onChange={(value) => typeof value === 'number' && setCanary(value)}
          />
        </div>
      </div>
    </Confirm>
  );
}
