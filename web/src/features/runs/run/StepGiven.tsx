// What a step was given: its config with the templates filled in from this run's data.

import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { JsonView } from '@/components/data/JsonView';
import { Failed, Loading } from '@/components/States';
import classes from './Run.module.css';
import { useGiven } from './stepInput';
import type { Model } from './useModel';

interface StepGivenProps {
  model: Model;
  path: string;
  onStep: (path: string) => void;
}

export function StepGiven({ model, path, onStep }: StepGivenProps) {
  const { run, tree, document, version } = model;
  const given = useGiven(run.data!.id, path, tree, document, true);
  const [shown, setShown] = useState('value');
  if (version.isError) {
    return <Failed error={version.error} what="The version that ran" onRetry={() => void version.refetch()} />;
  }
  if (given.isError) return <Failed error={given.error} what="The input" onRetry={() => void given.refetch()} />;
  if (!given.data) return <Loading rows={5} />;
  const { written, value, why, reads } = given.data;
  const asWritten = value === undefined || shown === 'written';
  return (
    <div className="stack">
      {reads.length > 0 && (
        <div className={`${classes.chips} meta`}>
          <span>It reads</span>
          {reads.map((one) => (
            <button key={one} type="button" className={classes.stepLink} onClick={() => onStep(one)}>
              {one}
            </button>
          ))}
        </div>
      )}
      {why && <p className={classes.note}>{why}</p>}
      {value !== undefined && value !== written && (
        <SegmentedControl
          size="xs"
          aria-label="Which form of the input"
          value={shown}
          onChange={setShown}
          data={[
            { value: 'value', label: 'As it was given' },
            { value: 'written', label: 'As it is written' },
          ]}
        />
      )}
      <JsonView
        key={asWritten ? 'written' : 'value'}
        label={asWritten ? 'Config as written' : 'Input'}
        value={asWritten ? written : value}
      />
      {!asWritten && <p className="meta">Computed again from this run's data; secrets are never shown.</p>}
    </div>
  );
}
