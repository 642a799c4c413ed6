// Which columns of a list there is room for. Pure.

import type { ReactNode } from 'react';

export interface Column<T> {
  key: string;
  title: ReactNode;
  render: (row: T) => ReactNode;
  /** Pixels; without it the column takes what is left. */
  width?: number;
  align?: 'right';
  /** Where the list is too narrow for all: goes among the first (1440), the next (1280), the last (1024). */
  below?: 1440 | 1280 | 1024;
  /** On a card: its heading; beside the heading; not there. Default: a line with its title. */
  card?: 'title' | 'mark' | 'hidden';
  /** The column can be sorted by; see `sort`. */
  sortable?: boolean;
}

/** What a column without a width needs to be read, and the one that names the row. */
const least = 110;
const leastOfName = 160;
const checks = 40;

type Shape = Pick<Column<never>, 'key' | 'width' | 'below' | 'card' | 'title'>;

/** How many pixels the columns need. */
export function needs(columns: readonly Shape[], selects: boolean): number {
  const name = columns.find((column) => column.card === 'title') ?? columns[0];
  const of = (column: Shape) => column.width ?? (column === name ? leastOfName : least);
  return columns.reduce((sum, column) => sum + of(column), selects ? checks : 0);
}

/**
 * The columns that a list of so many pixels has room for. `below` says which go first; beside open details (`beside`), which tell
 * the rest, also others go, from the right, but never what names a row, marks it, or acts.
 */
export function fitting<C extends Shape>(columns: readonly C[], width: number, selects: boolean, beside: boolean): C[] {
  const left = [...columns];
  const drop = (goes: (column: C) => boolean) => {
    while (needs(left, selects) > width) {
      const at = left.findLastIndex(goes);
      if (at < 0) return;
      left.splice(at, 1);
    }
  };
  for (const level of [1440, 1280, 1024]) drop((column) => column.below === level);
  if (beside) drop((column) => (column.card === undefined || column.card === 'hidden') && column.title !== '');
  return left;
}
