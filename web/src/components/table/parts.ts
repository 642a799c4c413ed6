// What the table and the cards of a list are drawn from.

import type { DataTableProps } from '../DataTable';
import type { Rows } from './rows';

export interface TableParts<T> extends DataTableProps<T> {
  shown: Rows;
  /** The row that j and k are at. */
  at: number;
  toggle: (index: number, range: boolean) => void;
  open: (row: T) => void;
}

/** A press on the row itself, not on something inside that acts by itself, and not the end of marking text. */
export function isForRow(event: React.MouseEvent): boolean {
  const target = event.target as HTMLElement;
  return !target.closest('a, button, input, label, [role=menuitem]') && String(getSelection()) === '';
}
