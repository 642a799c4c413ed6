// Runs over time as columns of states; dragging over columns chooses that time. The same as a table for who cannot see it.

import { ActionIcon, Button } from '@mantine/core';
import { ChartColumn, Table2 } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { Panel } from '@/components/Panel';
import { Failed, Loading } from '@/components/States';
import { formatNumber, formatTime } from '@/lib/format';
import { type Column, columnAt, columnsOf, layers, spanOfColumns } from './buckets';
import type { RunQuery } from './filters';
import classes from './Histogram.module.css';
import { useHistogram } from './queries';

interface HistogramProps {
  query: RunQuery;
  now: number;
  /** In words, beside the count. */
  when: string;
  onRange: (from: string, to: string) => void;
}

const tip = (column: Column) =>
  [
    `${formatTime(column.from)}: ${formatNumber(column.total, 'run')}`,
    ...layers.flatMap((layer, index) => (column.counts[index] ? [`${column.counts[index]} ${layer.label}`] : [])),
  ].join('\n');

export function Histogram({ query, now, when, onRange }: HistogramProps) {
  const histogram = useHistogram(query, now);
  const [asTable, setAsTable] = useState(false);
  const shown = useMemo(() => (histogram.data ? columnsOf(histogram.data) : undefined), [histogram.data]);
  if (histogram.isError && !shown) {
    return (
      <Panel title="Runs over time">
        <Failed error={histogram.error} what="The counts over time" onRetry={() => void histogram.refetch()} />
      </Panel>
    );
  }
  const total = shown?.columns.reduce((sum, column) => sum + column.total, 0) ?? 0;
  return (
    <Panel
      title={
        <span className="row wrap">
          <h3>Runs over time</h3>
          <span className="meta">
            {when}
            {shown && `, ${formatNumber(total, 'run')}`}
            {histogram.data?.complete === false && `; counted from ${formatTime(histogram.data.counted_from)} on`}
          </span>
        </span>
      }
      actions={
        <ActionIcon
          size="sm"
          onClick={() => setAsTable(!asTable)}
          aria-label={asTable ? 'Runs over time as a chart' : 'Runs over time as a table'}
        >
          {asTable ? (
            <ChartColumn size={14} strokeWidth={1.75} aria-hidden />
          ) : (
            <Table2 size={14} strokeWidth={1.75} aria-hidden />
          )}
        </ActionIcon>
      }
    >
      {!shown ? (
        <Loading height={88} />
      ) : asTable ? (
        <CountTable columns={shown.columns} onRange={onRange} />
      ) : (
        <Columns columns={shown.columns} most={shown.most} onRange={onRange} />
      )}
    </Panel>
  );
}

interface Dragged {
  from: number;
  to: number;
}

function Columns({ columns, most, onRange }: { columns: Column[]; most: number } & Pick<HistogramProps, 'onRange'>) {
  const box = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Dragged>();
  const at = (event: React.PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return columnAt(columns, (event.clientX - left) / width);
  };
  const done = () => {
    if (!drag) return;
    const span = spanOfColumns(columns, drag.from, drag.to);
    setDrag(undefined);
    if (span) onRange(new Date(span.from).toISOString(), new Date(span.to).toISOString());
  };
  const [low, high] = drag ? [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)] : [-1, -2];
  const first = columns[0];
  const last = columns.at(-1);
  return (
    <div className={classes.chart}>
      <div
        ref={box}
        className={classes.columns}
        aria-hidden
        data-histogram
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: at(event) })}
        onPointerUp={done}
        onPointerCancel={() => setDrag(undefined)}
      >
        {columns.map((column, index) => (
          <div
            key={column.from}
            className={classes.column}
            title={tip(column)}
            data-in={(index >= low && index <= high) || undefined}
          >
            {column.total > 0 &&
              layers.map((layer, place) =>
                column.counts[place] ? (
                  <div
                    key={layer.label}
                    style={{
                      height: `${(column.counts[place]! / most) * 100}%`,
                      background: `var(--state-${layer.colour})`,
                    }}
                    className={classes.piece}
                  />
                ) : null,
              )}
          </div>
        ))}
      </div>
      <div className={classes.axis} aria-hidden>
        <span>{first && formatTime(first.from)}</span>
        <span>{formatNumber(most, 'run')} at most</span>
        <span>{last && formatTime(last.to)}</span>
      </div>
    </div>
  );
}

function CountTable({ columns, onRange }: { columns: Column[] } & Pick<HistogramProps, 'onRange'>) {
  const kept = columns.filter((column) => column.total > 0);
  if (kept.length === 0) return <p className="quiet">There was no run in this time.</p>;
  return (
    <div className={classes.table} role="region" tabIndex={0} aria-label="Runs over time, counts">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {layers.map((layer) => (
              <th key={layer.label} scope="col" className="num">
                {layer.label}
              </th>
            ))}
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {kept.map((column) => (
            <tr key={column.from}>
              <td>{formatTime(column.from)}</td>
              {column.counts.map((count, index) => (
                <td key={index} className="num">
                  {count || ''}
                </td>
              ))}
              <td>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  onClick={() => onRange(new Date(column.from).toISOString(), new Date(column.to).toISOString())}
                >
                  Show these
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
