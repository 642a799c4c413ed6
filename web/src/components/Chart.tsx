// Values over time: uPlot on a canvas, loaded when it is first seen; a table of the same for screen readers and for copying.
//
//   <Chart title="Runs" times={[1764185000, …]} series={[{ label: 'started', values: [3, null, 5] }]} format={formatCount} />
//
// `times` are seconds since 1970, rising; `null` leaves a gap.

import { ActionIcon } from '@mantine/core';
import { ChartLine, Table2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { formatTime } from '@/lib/format';
import classes from './Chart.module.css';
import { Panel } from './Panel';

export interface Series {
  label: string;
  values: (number | null)[];
  /** A token: "--state-failed". Default: the series colours in order. */
  colour?: string;
}

export interface ChartProps {
  title: string;
  times: number[];
  series: Series[];
  /** Of ticks, labels and the table. */
  format?: (value: number) => string;
  kind?: 'line' | 'area' | 'bars' | 'stacked';
  height?: number;
  /** A horizontal line: a limit. */
  limit?: { value: number; label: string };
  /** The values are on their way: the chart keeps its place. */
  pending?: boolean;
  /** The user dragged over a range, in seconds. */
  onRange?: (from: number, to: number) => void;
}

const Plot = lazy(() => import('./Plot'));
export const seriesColours = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5'];

export function Chart(props: ChartProps) {
  const { title, times, series, format = String, height = 150, pending } = props;
  const [asTable, setAsTable] = useState(false);
  const colours = series.map((one, index) => one.colour ?? seriesColours[index % seriesColours.length]!);
  return (
    <Panel
      title={title}
      actions={
        <ActionIcon
          size="sm"
          onClick={() => setAsTable(!asTable)}
          aria-label={asTable ? `${title} as a chart` : `${title} as a table`}
        >
          {asTable ? <ChartLine size={14} strokeWidth={1.75} /> : <Table2 size={14} strokeWidth={1.75} />}
        </ActionIcon>
      }
    >
      {asTable ? (
        <div
          className={classes.table}
          style={{ height: height + 40 }}
          tabIndex={0}
          role="region"
          aria-label={`${title}, values`}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map((one) => (
                  <th key={one.label} scope="col" className="num">
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time}>
                  <td>{formatTime(time * 1000)}</td>
                  {series.map((one) => (
                    <td key={one.label} className="num">
                      {one.values[index] == null ? '' : format(one.values[index]!)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <>
          <div style={{ height: height + 40 }}>
            {!pending && (
              <Suspense>
                <Plot {...props} format={format} height={height} colours={colours} />
              </Suspense>
            )}
          </div>
          {series.length > 1 && (
            <ul className={classes.legend}>
              {series.map((one, index) => (
                <li key={one.label}>
                  <span className={classes.swatch} style={{ background: `var(${colours[index]})` }} aria-hidden />
                  {one.label}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}
