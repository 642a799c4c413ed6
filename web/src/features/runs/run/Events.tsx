// The journal of a run, entry by entry. Only the entries in view are in the page; an opened one shows what it holds.

import { Select } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { JsonView } from '@/components/data/JsonView';
import type { Json } from '@/components/data/json';
import { sizeText } from '@/components/data/sizes';
import { FilterText } from '@/components/FilterBar';
import { Failed, FilteredEmpty, Loaded, Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatDuration, formatNumber, formatTime } from '@/lib/format';
import classes from './Events.module.css';
import { type Entry, kindText, statusOfEntry } from './journal';
import { useEntry } from './queries';
import timelineClasses from './Timeline.module.css';

const kinds = [
  { value: 'all', label: 'All events' },
  { value: 'run', label: 'Of the run itself' },
  { value: 'failures', label: 'Failures' },
  { value: 'ends', label: 'Ends of steps' },
];
const inKind: Record<string, (entry: Entry) => boolean> = {
  all: () => true,
  run: (entry) => entry.kind.startsWith('run.'),
  failures: (entry) => /failed|timed_out|unknown/.test(entry.kind),
  ends: (entry) => /^step\.(succeeded|failed|timed_out|skipped|cancelled|unknown)$/.test(entry.kind),
};

interface EventsProps {
  run: string;
  journal: UseQueryResult<Entry[]>;
  words: string;
  onWords: (words: string) => void;
  onStep: (path: string) => void;
}

export function Events({ run, journal, words, onWords, onStep }: EventsProps) {
  const [kind, setKind] = useState('all');
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  const all = journal.data;
  const entries = useMemo(() => {
    const text = words.trim().toLowerCase();
    const fits = inKind[kind]!;
    return (all ?? []).filter(
      (entry) => fits(entry) && (!text || `${entry.kind} ${entry.path ?? ''}`.toLowerCase().includes(text)),
    );
  }, [all, words, kind]);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => 32,
    overscan: 10,
    getItemKey: (index) => entries[index]!.seq,
  });
  const first = all?.[0] ? Date.parse(all[0].at) : 0;
  const toggle = (seq: number) => {
    const next = new Set(open);
    if (!next.delete(seq)) next.add(seq);
    setOpen(next);
  };
  return (
    <>
      <div className={timelineClasses.tools} role="search">
        <FilterText value={words} onChange={onWords} placeholder="Find by step or kind" />
        <Select
          aria-label="Kind of event"
          allowDeselect={false}
          data={kinds}
          value={kind}
          onChange={(next) => setKind(next ?? 'all')}
          w={170}
        />
        {all && (
          <span className="meta">
            {entries.length === all.length
              ? formatNumber(all.length, 'event')
              : `${entries.length.toLocaleString('en-US')} of ${formatNumber(all.length, 'event')}`}
          </span>
        )}
      </div>
      {journal.isError && !all ? (
        <Failed error={journal.error} what="The events" onRetry={() => void journal.refetch()} />
      ) : !all ? (
        <Loading rows={8} />
      ) : entries.length === 0 ? (
        <FilteredEmpty
          what="events"
          onClear={() => {
            setKind('all');
            onWords('');
          }}
        />
      ) : (
        <div ref={box} className={classes.box} tabIndex={0} role="region" aria-label="Events">
          <ol className={classes.list} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const entry = entries[item.index]!;
              const shown = open.has(entry.seq);
              return (
                <li
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  data-event={entry.kind}
                  className={classes.entry}
                  style={{ transform: `translateY(${item.start}px)` }}
                  aria-setsize={entries.length}
                  aria-posinset={item.index + 1}
                >
                  <button
                    type="button"
                    className={classes.line}
                    aria-expanded={shown}
                    onClick={() => toggle(entry.seq)}
                  >
                    {shown ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
                    <span className={classes.seq}>{entry.seq}</span>
                    <span className={classes.time} title={formatTime(entry.at)}>
                      {formatDuration(Date.parse(entry.at) - first)}
                    </span>
                    <StatusMark status={statusOfEntry(entry.kind)} bare />
                    <span className={classes.what}>
                      {entry.path && <code>{entry.path}</code>} {kindText(entry.kind)}
                      {(entry.attempt ?? 0) > 1 && <span className="meta"> attempt {entry.attempt}</span>}
                    </span>
                  </button>
                  {shown && <EntryBody run={run} entry={entry} onStep={onStep} />}
                </li>
              );
            })}
          </ol>
        </div>
      )}
    </>
  );
}

function EntryBody({ run, entry, onStep }: { run: string; entry: Entry; onStep: (path: string) => void }) {
  const whole = useEntry(run, entry.seq);
  return (
    <div className={classes.body}>
      <div className="row wrap meta">
        <code>{entry.kind}</code>
        <span>{formatTime(entry.at)}</span>
        {entry.path && (
          <button type="button" className={classes.step} onClick={() => onStep(entry.path!)}>
            Show step
          </button>
        )}
      </div>
      <Loaded query={whole} what="The event" shape={<Loading rows={2} />}>
        {(found) => (
          <>
            {found?.data !== undefined && found.data !== null && (
              <JsonView label={`Data of event ${entry.seq}`} value={found.data as Json} maxHeight={280} />
            )}
            {found?.value !== undefined && (
              <JsonView label={`Value of event ${entry.seq}`} value={found.value as Json} maxHeight={360} />
            )}
            {found?.value === undefined && (found?.value_bytes ?? 0) > 0 && (
              <p className="quiet">Its value has {sizeText(found!.value_bytes!)}; the step shows it in parts.</p>
            )}
            {found && found.data === undefined && found.value === undefined && !found.value_bytes && (
              <p className="quiet">It holds nothing else.</p>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}
