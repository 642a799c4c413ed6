// When runs were made: a range back from now, or fixed times.

import { Button, Popover, TextInput } from '@mantine/core';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { type RangeName, type RunSearch, rangeNames, rangeWords } from './filters';
import classes from './Runs.module.css';

const short = (time: string) =>
  new Date(time).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** "26 Nov, 19:00 to 20:30". */
export function timeText(values: Pick<RunSearch, 'range' | 'from' | 'to'>): string {
  if (values.range) return rangeWords[values.range];
  if (values.from && values.to) return `${short(values.from)} to ${short(values.to)}`;
  if (values.from) return `since ${short(values.from)}`;
  if (values.to) return `before ${short(values.to)}`;
  return 'Any time';
}

/** What an input of local time takes, of a time of the API. */
function toLocal(time: string): string {
  if (!time) return '';
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
const fromLocal = (local: string) => (local ? new Date(local).toISOString() : '');

export interface TimeFilterProps {
  values: Pick<RunSearch, 'range' | 'from' | 'to'>;
  onChange: (change: Pick<RunSearch, 'range' | 'from' | 'to'>) => void;
}

export function TimeFilter({ values, onChange }: TimeFilterProps) {
  const [opened, setOpened] = useState(false);
  const choose = (range: RangeName | '') => {
    onChange({ range, from: '', to: '' });
    setOpened(false);
  };
  const fixed = (change: { from?: string; to?: string }) =>
    onChange({ range: '', from: values.from, to: values.to, ...change });
  const chosen = values.range || values.from || values.to;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={260} trapFocus>
      <Popover.Target>
        <Button
          className={classes.choice}
          data-chosen={chosen ? true : undefined}
          rightSection={<ChevronDown size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {chosen ? timeText(values) : 'Time'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time">
        <div className="stack">
          <div className={classes.ranges}>
            {rangeNames.map((range) => (
              <Button
                key={range}
                size="xs"
                aria-pressed={values.range === range}
                data-chosen={values.range === range || undefined}
                className={classes.choice}
                onClick={() => choose(range)}
              >
                {rangeWords[range]}
              </Button>
            ))}
          </div>
          <TextInput
            type="datetime-local"
            label="From"
            value={toLocal(values.from)}
            onChange={(event) => fixed({ from: fromLocal(event.currentTarget.value) })}
          />
          <TextInput
            type="datetime-local"
            label="To"
            value={toLocal(values.to)}
            onChange={(event) => fixed({ to: fromLocal(event.currentTarget.value) })}
          />
          <Button variant="subtle" onClick={() => choose('')}>
            Any time
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
