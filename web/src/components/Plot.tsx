// The canvas of Chart: uPlot, drawn in the tokens' colours, sized to its box.

import 'uplot/dist/uPlot.min.css';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { formatTime } from '@/lib/format';
import { useScheme } from '@/lib/preferences';
import type { ChartProps } from './Chart';

const dashes = [undefined, [6, 3], [2, 3], [8, 3, 2, 3], [1, 2]];

const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const second = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** The time, and below it the day where it is another than that of the tick before. */
function timeTicks(_: uPlot, ticks: number[]): string[] {
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  let last = '';
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const said = day.format(at);
    const changed = said !== last;
    last = said;
    if (step >= 86_400) return said;
    return (step < 60 ? second : hour).format(at) + (changed ? `\n${said}` : '');
  });
}

/** A scale of few small numbers would repeat a label: it is said once. */
const distinct = (labels: string[]) => labels.map((label, index) => (labels.indexOf(label) === index ? label : ''));

/** As wide as the longest label, so that none is cut; charts below each other mostly line up. */
const leastAxis = 56;
function axisWidth(u: uPlot, labels: string[] | null, axis: number): number {
  const font = u.axes[axis]?.font as unknown as [string] | undefined;
  if (font) u.ctx.font = font[0];
  const widest = Math.max(0, ...(labels ?? []).map((label) => u.ctx.measureText(label ?? '').width));
  return Math.max(leastAxis, Math.ceil(widest / devicePixelRatio) + 12);
}

/** Sums from below, for areas on top of each other. */
function stack(series: (number | null)[][]): (number | null)[][] {
  const sums: (number | null)[][] = [];
  for (const values of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums;
}

export default function Plot(
  props: ChartProps & { colours: string[]; height: number; format: (value: number) => string },
) {
  const { times, series, format, kind = 'line', height, colours, limit, onRange } = props;
  const { ref: measured, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(measured, place);
  const plot = useRef<uPlot | undefined>(undefined);
  const scheme = useScheme();
  const latest = useRef(props);
  latest.current = props;
  const range = useRef(onRange);
  range.current = onRange;
  const shown = kind === 'stacked' ? stack(series.map((one) => one.values)) : series.map((one) => one.values);
  // The tallest first, so that a lower area is painted over it.
  const order =
    kind === 'stacked' ? series.map((_, index) => series.length - 1 - index) : series.map((_, index) => index);
  const data = [times, ...order.map((index) => shown[index]!)] as uPlot.AlignedData;
  const shape = JSON.stringify([series.map((one) => one.label), kind, colours, limit, scheme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` is what the plot is made of; data is set below
  useEffect(() => {
    const box = place.current;
    if (!box || width === 0) return;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: token('--ink-2'),
      font: '12px "Inter Variable", sans-serif',
      grid: { stroke: token('--line'), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width,
        height: height + 40,
        legend: { show: false },
        cursor: { drag: { x: range.current !== undefined, y: false, setScale: false }, points: { size: 6 } },
        select: { show: range.current !== undefined, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: true },
          y: {
            range: (_, least, most) => [Math.min(0, least ?? 0), Math.max(most ?? 0, limit?.value ?? 0) * 1.1 || 1],
          },
        },
        axes: [
          { ...axis, size: 40, space: 80, values: timeTicks },
          { ...axis, size: axisWidth, space: 56, values: (_, ticks) => distinct(ticks.map((tick) => format(tick))) },
        ],
        series: [
          {},
          ...order.map((index) => {
            const colour = token(colours[index]!);
            return {
              label: series[index]!.label,
              stroke: colour,
              width: kind === 'bars' ? 0 : 1.5,
              dash: kind === 'line' ? dashes[index % dashes.length] : undefined,
              fill: kind === 'line' ? undefined : kind === 'area' ? `${colour}33` : colour,
              paths:
                kind === 'bars'
                  ? uPlot.paths.bars!({ size: [0.8, 40] })
                  : kind === 'stacked'
                    ? uPlot.paths.stepped!({ align: 1 })
                    : undefined,
              points: { show: false },
            };
          }),
        ],
        hooks: {
          draw: limit ? [(u) => drawLimit(u, limit, token('--state-failed'))] : [],
          setSelect: [
            (u) => {
              if (u.select.width < 4) return;
              range.current?.(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
            },
          ],
          setCursor: [(u) => showValues(u, latest.current.series, format)],
        },
      },
      data,
      box,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, width > 0, height]);
  useEffect(() => plot.current?.setData(data));
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: height + 40 });
  }, [width, height]);
  return (
    <div style={{ position: 'relative', height: '100%' }}>
      <div ref={ref} style={{ height: '100%' }} aria-hidden data-chart />
    </div>
  );
}

function drawLimit(u: uPlot, limit: { value: number; label: string }, colour: string): void {
  const y = Math.round(u.valToPos(limit.value, 'y', true));
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  ctx.font = `${12 * devicePixelRatio}px "Inter Variable", sans-serif`;
  ctx.fillText(limit.label, u.bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
  ctx.restore();
}

/** The values under the pointer, as the canvas' tooltip. */
function showValues(u: uPlot, series: ChartProps['series'], format: (value: number) => string): void {
  const index = u.cursor.idx;
  if (index == null) {
    u.root.removeAttribute('title');
    return;
  }
  const lines = series.map(({ label, values }) => {
    const value = values[index];
    return `${label}: ${value == null ? 'none' : format(value)}`;
  });
  u.root.title = [formatTime(u.data[0][index]! * 1000), ...lines].join('\n');
}
