// A run's steps as a tree beside a Gantt chart. Only the rows in view are in the page, so that thousands of steps scroll.

import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { StatusMark, stateColour } from '@/components/StatusMark';
import { formatDuration, formatMoney, formatTime } from '@/lib/format';
import type { Attempt } from './journal';
import type { Run } from './queries';
import { wholeRun } from './search';
import classes from './Timeline.module.css';
import { type Bar, barsOf, notchesOf, placeOf, type Range, spanOf, ticksOf } from './timeline';
import { countsOf, countsText, type Row, statusOf } from './tree';

export interface TimelineProps {
  run: Run;
  rows: Row[];
  range: Range;
  now: number;
  goesOn: boolean;
  attempts?: ReadonlyMap<string, Attempt[]>;
  critical: ReadonlySet<string>;
  /** Names of nodes by id. */
  names: ReadonlyMap<string, string>;
  selected: string;
  withCost: boolean;
  height: number | string;
  onSelect: (path: string) => void;
  onToggle: (key: string, open: boolean) => void;
}

const rowHeight = 28;
const widthEntry = 'sluice.timeline.name';
const share = (value: number) => `${(value * 100).toFixed(3)}%`;

export function Timeline(props: TimelineProps) {
  const { rows, range, selected, withCost } = props;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(() => Number(localStorage.getItem(widthEntry)) || 30);
  // The run itself is the first row.
  const virtual = useVirtualizer({
    count: rows.length + 1,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    getItemKey: (index) => (index === 0 ? wholeRun : rows[index - 1]!.node.key),
  });
  const place = selected === wholeRun ? 0 : rows.findIndex((row) => row.node.key === selected) + 1;
  const last = useRef('');
  useEffect(() => {
    // What becomes selected is brought into view, once.
    if (selected === last.current || (place === 0 && selected !== wholeRun)) return;
    last.current = selected;
    virtual.scrollToIndex(place, { align: 'auto' });
  }, [selected, place, virtual]);
  const resize = (percent: number) => {
    const next = Math.min(70, Math.max(12, Math.round(percent)));
    setWidth(next);
    localStorage.setItem(widthEntry, String(next));
  };
  const phone = innerWidth < 640;
  const ticks = useMemo(() => ticksOf(range, phone ? 2 : 6), [range, phone]);
  return (
    <div
      ref={box}
      className={classes.box}
      style={
        {
          '--height': typeof props.height === 'number' ? `${props.height}px` : props.height,
          '--lines': linesOf(ticks, range),
          ...(phone ? {} : { '--name': `${width}%` }),
        } as React.CSSProperties
      }
      data-cost={withCost || undefined}
      role="treegrid"
      aria-label="Steps"
      aria-rowcount={rows.length + 2}
      tabIndex={0}
      aria-activedescendant={place > 0 || selected === wholeRun ? `row-${place}` : undefined}
    >
      <div className={classes.head} role="row" tabIndex={-1} aria-rowindex={1}>
        <div className={classes.nameHead} role="columnheader" tabIndex={-1}>
          Step
          <Grip width={width} box={box} onResize={resize} />
        </div>
        <div
          className={classes.axis}
          role="columnheader"
          tabIndex={-1}
          aria-label={`Time, from ${formatTime(range.from)}`}
        >
          {ticks.map((tick) => (
            <span key={tick.after} className={classes.tick} style={{ left: share(placeOf(tick.at, range)) }}>
              {tick.after === 0 ? '0' : formatDuration(tick.after)}
            </span>
          ))}
        </div>
        <div className={classes.extra} role="columnheader" tabIndex={-1}>
          <span>Took</span>
          {withCost && <span>Cost</span>}
        </div>
      </div>
      <div className={classes.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual
          .getVirtualItems()
          .map((item) =>
            item.index === 0 ? (
              <RunRow key={item.key} all={props} start={item.start} />
            ) : (
              <StepRow key={item.key} all={props} row={rows[item.index - 1]!} index={item.index} start={item.start} />
            ),
          )}
      </div>
    </div>
  );
}

interface GripProps {
  width: number;
  box: React.RefObject<HTMLDivElement | null>;
  onResize: (percent: number) => void;
}

function Grip({ width, box, onResize }: GripProps) {
  const move = (event: React.PointerEvent) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { left, width: whole } = box.current!.getBoundingClientRect();
    onResize(((event.clientX - left) / whole) * 100);
  };
  return (
    <div
      className={classes.grip}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={width}
      aria-valuemin={12}
      aria-valuemax={70}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={move}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowLeft' ? -2 : event.key === 'ArrowRight' ? 2 : 0;
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        onResize(width + by);
      }}
    />
  );
}

type Ticks = { at: number; after: number }[];

/** The lines of the axis as a background of all lanes: no element for each of them in each row. */
const linesOf = (ticks: Ticks, range: Range) =>
  ticks
    .map(
      ({ at }) =>
        `linear-gradient(var(--axis-line), var(--axis-line)) ${share(placeOf(at, range))} 0 / 1px 100% no-repeat`,
    )
    .join(', ') || 'none';

// Rows take what the page gave as one: its object is a new one whenever the page is drawn anew (steps of the tree change in place),
// and the same one while one scrolls. Then only rows that come into view are drawn.
interface RowProps {
  all: TimelineProps;
  start: number;
}

function Lane({ children }: { children: ReactNode }) {
  return (
    <div className={classes.lane} role="gridcell" tabIndex={-1}>
      {children}
    </div>
  );
}

function Piece({ bar, range, colour, ...marks }: { bar: Bar; range: Range; colour: string } & Record<string, unknown>) {
  const from = placeOf(bar.from, range);
  return (
    <span
      className={classes.bar}
      data-kind={bar.kind}
      style={
        {
          '--bar': `var(--state-${colour})`,
          left: `min(${share(from)}, 100% - 2px)`,
          width: share(placeOf(bar.to, range) - from),
        } as React.CSSProperties
      }
      {...marks}
    />
  );
}

const RunRow = memo(function RunRow({ all: props, start }: RowProps) {
  const { run, range, now, goesOn, selected } = props;
  const made = Date.parse(run.created_at);
  const began = run.started_at ? Date.parse(run.started_at) : undefined;
  const end = run.finished_at ? Date.parse(run.finished_at) : now;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the arrows select rows, for the whole page
    <div
      id="row-0"
      className={classes.row}
      style={{ transform: `translateY(${start}px)` }}
      role="row"
      tabIndex={-1}
      aria-rowindex={2}
      aria-level={1}
      aria-selected={selected === wholeRun}
      data-step={wholeRun}
      onClick={() => props.onSelect(wholeRun)}
    >
      <div className={classes.name} role="gridcell" tabIndex={-1} style={{ paddingLeft: 12 }}>
        <StatusMark status={run.status} bare />
        <strong className={classes.label}>The whole run</strong>
      </div>
      <Lane>
        {(began ?? end) > made && (
          <Piece bar={{ kind: 'queue', from: made, to: began ?? end }} range={range} colour="queued" data-group="" />
        )}
        {began !== undefined && (
          <Piece
            bar={{ kind: 'run', from: began, to: Math.max(began, end) }}
            range={range}
            colour={stateColour(run.status)}
            data-group=""
          />
        )}
        {goesOn && <span className={classes.now} style={{ left: share(placeOf(now, range)) }} />}
      </Lane>
      <div className={classes.extra} role="gridcell" tabIndex={-1}>
        <span>{began === undefined ? '' : formatDuration(end - began)}</span>
        {props.withCost && <span>{formatMoney(run.totals?.cost_usd ?? '0')}</span>}
      </div>
    </div>
  );
});

interface StepRowProps extends RowProps {
  row: Row;
  index: number;
}

const StepRow = memo(function StepRow({ all: props, row, index, start }: StepRowProps) {
  const { range, now, goesOn, selected, names } = props;
  const { node, item, opens: group, depth, open } = row;
  const attempts = props.attempts?.get(node.key);
  const { step } = node;
  const status = statusOf(node);
  const bars = barsOf(node, attempts, now);
  const span = spanOf(node, now);
  const title = node.kind === 'item' ? `Item ${node.name}` : (names.get(node.name) ?? node.name);
  const count = group ? countsText(countsOf(node)) : '';
  const usage = step?.usage as { cost_usd?: string } | undefined;
  const colour = stateColour(status);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      id={`row-${index}`}
      className={classes.row}
      style={{ transform: `translateY(${start}px)` }}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-level={depth + 1}
      aria-selected={selected === node.key}
      aria-expanded={group ? open : undefined}
      data-step={node.key}
      data-status={status}
      onClick={() => props.onSelect(node.key)}
    >
      <div
        className={classes.name}
        role="gridcell"
        tabIndex={-1}
        style={{ paddingLeft: 8 + depth * 14 }}
        title={nameText(title, node, item)}
      >
        {group ? (
          <button
            type="button"
            className={classes.chevron}
            tabIndex={-1}
            aria-label={open ? `Close ${title}` : `Open ${title}`}
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle(node.key, !open);
            }}
          >
            {open ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
          </button>
        ) : (
          <span style={{ width: 18, flexShrink: 0 }} />
        )}
        <StatusMark status={status} bare />
        {item !== undefined && <span className={classes.item}>{item}</span>}
        <span className={classes.label}>{title}</span>
        {count && <span className={classes.note}>{count}</span>}
        {(step?.attempts ?? 0) > 1 && <span className={classes.note}>{step!.attempts} attempts</span>}
        {step?.reused && <span className={classes.note}>reused</span>}
      </div>
      <Lane>
        {bars.map((bar) => (
          <Piece
            key={`${bar.kind}${bar.from}`}
            bar={bar}
            range={range}
            colour={bar.kind === 'wait' && colour !== 'queued' ? 'waiting' : colour}
            data-group={group || undefined}
            data-reused={step?.reused || undefined}
          />
        ))}
        {notchesOf(attempts).map((at) => (
          <span key={at} className={classes.notch} style={{ left: share(placeOf(at, range)) }} />
        ))}
        {span && props.critical.has(node.key) && (
          <span
            className={classes.critical}
            data-critical
            style={{
              left: `min(${share(placeOf(span.from, range))}, 100% - 4px)`,
              width: share(placeOf(span.to, range) - placeOf(span.from, range)),
            }}
          />
        )}
        {goesOn && <span className={classes.now} style={{ left: share(placeOf(now, range)) }} />}
      </Lane>
      <div className={classes.extra} role="gridcell" tabIndex={-1}>
        <span>{span && !step?.reused ? formatDuration(span.to - span.from) : ''}</span>
        {props.withCost && <span>{usage?.cost_usd && usage.cost_usd !== '0' ? formatMoney(usage.cost_usd) : ''}</span>}
      </div>
    </div>
  );
});

function nameText(title: string, node: Row['node'], item: Row['item']): string {
  return [item === undefined ? title : `${title}, item ${item}`, node.key, node.step?.type].filter(Boolean).join('\n');
}
