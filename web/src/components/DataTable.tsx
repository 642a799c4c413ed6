// A list: a table, below 640 px a list of cards. Rows open by click, Enter or their first link; j k move, x selects. Columns that the
// list has no room for are left out (table/columns); of long lists only what is in view is drawn (table/rows).
//
//   const columns: Column<Run>[] = [
//     { key: 'flow', title: 'Flow', render: (run) => <Link to="/runs/$id" params={{ id: run.id }}>{run.flow?.name}</Link>, card: 'title' },
//     { key: 'cost', title: 'Cost', align: 'right', width: 90, below: 1024, render: (run) => <Money usd={run.totals?.cost_usd} /> },
//   ];
//   <DataTable label="Runs" rows={runs.items} rowKey={(run) => run.id} columns={columns} onOpen={…} more={runs.more} />

import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useKeys } from '@/lib/keys';
import type { More } from '@/lib/lists';
import classes from './DataTable.module.css';
import { Cards } from './table/Cards';
import type { Column } from './table/columns';
import type { TableParts } from './table/parts';
import { useRows } from './table/rows';
import { Table } from './table/Table';

export type { Column } from './table/columns';

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
  const { rows, rowKey, onOpen, selection, label } = props;
  const narrow = useMediaQuery('(max-width: 639px)', innerWidth < 640, { getInitialValueInEffect: false });
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLDivElement>(null);
  const shown = useRows(body, label, rows, rowKey, narrow ? 100 : 33);
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
    shown.show(index);
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

  const parts: TableParts<T> = { ...props, shown, at, toggle, open: (row: T) => onOpen?.(row) };
  const more = props.more && {
    ...props.more,
    load: () => {
      shown.remember();
      props.more?.load();
    },
  };
  return (
    <div ref={body} className={classes.list} data-windowed={shown.windowed || undefined}>
      {narrow ? <Cards {...parts} /> : <Table {...parts} />}
      {more && <MoreRows more={more} shown={rows.length} />}
    </div>
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
