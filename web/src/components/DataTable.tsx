// A list: a table, below 640 px a list of cards. Rows open by click, Enter or their first link; j k move, x selects.
//
//   const columns: Column<Run>[] = [
//     { key: 'flow', title: 'Flow', render: (run) => <Link to="/runs/$id" params={{ id: run.id }}>{run.flow?.name}</Link>, card: 'title' },
//     { key: 'cost', title: 'Cost', align: 'right', width: 90, below: 1024, render: (run) => <Money usd={run.totals?.cost_usd} /> },
//   ];
//   <DataTable label="Runs" rows={runs.items} rowKey={(run) => run.id} columns={columns} onOpen={…} more={runs.more} />

import { Button, Checkbox } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useKeys } from '@/lib/keys';
import type { More } from '@/lib/lists';
import classes from './DataTable.module.css';

export interface Column<T> {
  key: string;
  title: ReactNode;
  render: (row: T) => ReactNode;
  /** Pixels; without it the column takes what is left. */
  width?: number;
  align?: 'right';
  /** Left out on screens narrower than so many pixels (1440, 1024). */
  below?: 1440 | 1280 | 1024;
  /** On a card: its heading; beside the heading; not there. Default: a line with its title. */
  card?: 'title' | 'mark' | 'hidden';
  /** The column can be sorted by; see `sort`. */
  sortable?: boolean;
}

export interface Selection {
  selected: ReadonlySet<string>;
  onChange: (selected: Set<string>) => void;
}

export interface Sort {
  by: string;
  descending: boolean;
  onChange: (by: string, descending: boolean) => void;
}

export interface DataTableProps<T> {
  /** What the list is called, for screen readers and the help of keys. */
  label: string;
  rows: T[];
  rowKey: (row: T) => string;
  columns: Column<T>[];
  onOpen?: (row: T) => void;
  /** The row whose details are shown beside the list. */
  active?: string;
  selection?: Selection;
  sort?: Sort;
  more?: More;
  /** Which row a mark in the left edge points out, by colour of state. */
  edge?: (row: T) => string | undefined;
  /** Keys are the page's own business (two lists on one page). */
  withoutKeys?: boolean;
}

export function useSelection(): Selection & { clear: () => void } {
  const [selected, onChange] = useState<Set<string>>(new Set());
  return { selected, onChange, clear: () => onChange(new Set()) };
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { rows, rowKey, columns, onOpen, selection, more, label } = props;
  const narrow = useMediaQuery('(max-width: 639px)', innerWidth < 640, { getInitialValueInEffect: false });
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | undefined>(undefined);

  const toggle = (index: number, range: boolean) => {
    const row = rows[index];
    if (!selection || row === undefined) return;
    const next = new Set(selection.selected);
    const from = range && anchor.current !== undefined ? anchor.current : index;
    const on = range || !next.has(rowKey(row));
    for (let i = Math.min(from, index); i <= Math.max(from, index); i++) {
      const key = rowKey(rows[i]!);
      if (on) next.add(key);
      else next.delete(key);
    }
    anchor.current = index;
    selection.onChange(next);
  };
  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setAt(index);
    body.current?.querySelector(`[data-index="${index}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const current = rows[at];
  useKeys(
    label,
    props.withoutKeys
      ? []
      : [
          { keys: 'j', does: 'Next row', act: () => move(at + 1) },
          { keys: 'k', does: 'Previous row', act: () => move(at - 1) },
          ...(onOpen ? [{ keys: 'o', does: 'Open row', act: () => current !== undefined && onOpen(current) }] : []),
          ...(selection
            ? [
                { keys: 'x', does: 'Select row', act: () => toggle(at, false) },
                { keys: 'Shift+x', does: 'Select to here', act: () => toggle(at, true) },
              ]
            : []),
        ],
  );
  // The marked row goes when the list gets shorter.
  useEffect(() => setAt((old) => (old < rows.length ? old : rows.length - 1)), [rows.length]);

  const parts = { ...props, at, toggle, open: (row: T) => onOpen?.(row) };
  return (
    <div ref={body} className={classes.list}>
      {narrow ? <Cards {...parts} columns={columns} /> : <Table {...parts} />}
      {more && <MoreRows more={more} shown={rows.length} />}
    </div>
  );
}

interface Parts<T> extends DataTableProps<T> {
  at: number;
  toggle: (index: number, range: boolean) => void;
  open: (row: T) => void;
}

/** A press on the row itself, not on something inside that acts by itself, and not the end of marking text. */
function isForRow(event: React.MouseEvent): boolean {
  const target = event.target as HTMLElement;
  return !target.closest('a, button, input, label, [role=menuitem]') && String(getSelection()) === '';
}

function Table<T>({ label, rows, rowKey, columns, open, onOpen, active, selection, sort, at, toggle, edge }: Parts<T>) {
  const chosen = selection ? rows.filter((row) => selection.selected.has(rowKey(row))).length : 0;
  const hidden = (column: Column<T>) => (column.below ? classes[`below${column.below}`] : '');
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {selection && (
              <th className={classes.check} scope="col">
                <Checkbox
                  aria-label={`Select all ${rows.length} rows`}
                  checked={chosen > 0 && chosen === rows.length}
                  indeterminate={chosen > 0 && chosen < rows.length}
                  onChange={() => selection.onChange(chosen === rows.length ? new Set() : new Set(rows.map(rowKey)))}
                />
              </th>
            )}
            {columns.map((column) => {
              const sorted = sort?.by === column.key;
              return (
                <th
                  key={column.key}
                  scope="col"
                  style={column.width ? { width: column.width } : undefined}
                  className={`${column.align === 'right' ? classes.right : ''} ${hidden(column)}`}
                  aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
                >
                  {sort && column.sortable ? (
                    <button
                      type="button"
                      className={classes.sort}
                      onClick={() => sort.onChange(column.key, sorted ? !sort.descending : true)}
                    >
                      {column.title}
                      {sorted &&
                        (sort.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                    </button>
                  ) : (
                    column.title
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const key = rowKey(row);
            const mark = edge?.(row);
            return (
              <tr
                key={key}
                data-index={index}
                data-active={key === active || undefined}
                data-at={index === at || undefined}
                data-selected={selection?.selected.has(key) || undefined}
                style={mark ? ({ '--edge': mark } as React.CSSProperties) : undefined}
                className={onOpen ? classes.opens : undefined}
                onClick={(event) => onOpen && isForRow(event) && open(row)}
              >
                {selection && (
                  <td className={classes.check}>
                    <Checkbox
                      aria-label={`Select row ${index + 1}`}
                      checked={selection.selected.has(key)}
                      onChange={(event) => toggle(index, (event.nativeEvent as MouseEvent).shiftKey)}
                    />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.key} className={`${column.align === 'right' ? classes.right : ''} ${hidden(column)}`}>
                    {column.render(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Cards<T>({ label, rows, rowKey, columns, open, onOpen, active, selection, at, toggle }: Parts<T>) {
  const title = columns.find((column) => column.card === 'title') ?? columns[0]!;
  const marks = columns.filter((column) => column.card === 'mark');
  const lines = columns.filter((column) => column !== title && column.card === undefined);
  return (
    <ul className={classes.cards} aria-label={label}>
      {rows.map((row, index) => {
        const key = rowKey(row);
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the link in the card does the same
          <li
            key={key}
            data-index={index}
            data-active={key === active || undefined}
            data-at={index === at || undefined}
            className={classes.card}
            onClick={(event) => onOpen && isForRow(event) && open(row)}
          >
            <div className={classes.cardHead}>
              {selection && (
                <Checkbox
                  size="md"
                  aria-label={`Select row ${index + 1}`}
                  checked={selection.selected.has(key)}
                  onChange={() => toggle(index, false)}
                />
              )}
              <div className="grow">{title.render(row)}</div>
              {marks.map((column) => (
                <div key={column.key}>{column.render(row)}</div>
              ))}
            </div>
            <dl className={classes.lines}>
              {lines.map((column) => (
                <div key={column.key}>
                  <dt>{column.title}</dt>
                  <dd>{column.render(row)}</dd>
                </div>
              ))}
            </dl>
          </li>
        );
      })}
    </ul>
  );
}

function MoreRows({ more, shown }: { more: More; shown: number }) {
  if (!more.there)
    return shown > 50 ? <p className={classes.end}>All {shown.toLocaleString('en-US')} are shown.</p> : null;
  return (
    <div className={classes.end}>
      <Button onClick={more.load} loading={more.loading}>
        Load 50 more
      </Button>
    </div>
  );
}

/** What can be done with the selected rows: a bar at the bottom of the list, while any are selected. */
export function BulkBar({ count, onClear, children }: { count: number; onClear: () => void; children: ReactNode }) {
  if (count === 0) return null;
  return (
    <div className={classes.bulk} role="toolbar" aria-label="Selected rows">
      <span className="num">{count} selected</span>
      {children}
      <Button variant="subtle" onClick={onClear}>
        Clear selection
      </Button>
    </div>
  );
}
