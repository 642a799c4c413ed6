// A list as a table.

import { Checkbox } from '@mantine/core';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { Fragment, useLayoutEffect, useRef, useState } from 'react';
import classes from '../DataTable.module.css';
import { type Column, fitting, needs } from './columns';
import { isForRow, type TableParts } from './parts';

/** The pixels that the element has; before it stands anywhere, those of the page. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(() => (document.getElementById('content')?.clientWidth ?? innerWidth) - 34);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => element.clientWidth > 0 && setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

export function Table<T>(parts: TableParts<T>) {
  const { label, rows, rowKey, active, selection, shown } = parts;
  const { ref, width } = useWidth();
  const columns = fitting(parts.columns, width, selection !== undefined, active !== undefined && active !== '');
  const needed = needs(columns, selection !== undefined);
  const scrolls = needed > width;
  const chosen = selection ? rows.filter((row) => selection.selected.has(rowKey(row))).length : 0;
  return (
    <div
      ref={ref}
      className={classes.scroll}
      {...(scrolls ? { tabIndex: 0, role: 'region', 'aria-label': `${label}, all columns` } : {})}
    >
      <table
        className={classes.table}
        aria-label={label}
        aria-rowcount={shown.windowed ? rows.length + 1 : undefined}
        style={scrolls ? { minWidth: needed } : undefined}
      >
        <thead>
          <tr aria-rowindex={shown.windowed ? 1 : undefined}>
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
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={parts.sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.drawn.map(({ index, gap }) => (
            <Fragment key={rowKey(rows[index]!)}>
              {gap > 0 && <Room height={gap} />}
              <Row {...parts} columns={columns} index={index} />
            </Fragment>
          ))}
          {shown.rest > 0 && <Room height={shown.rest} />}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ column, sort }: { column: Column<T>; sort: TableParts<T>['sort'] }) {
  const sorted = sort?.by === column.key;
  return (
    <th
      scope="col"
      style={column.width ? { width: column.width } : undefined}
      className={column.align === 'right' ? classes.right : undefined}
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {sort && column.sortable ? (
        <button
          type="button"
          className={classes.sort}
          onClick={() => sort.onChange(column.key, sorted ? !sort.descending : true)}
        >
          {column.title}
          {sorted && (sort.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

/** In place of rows that are not drawn. */
function Room({ height }: { height: number }) {
  return (
    <tr aria-hidden className={classes.room}>
      <td style={{ height }} />
    </tr>
  );
}

function Row<T>(parts: TableParts<T> & { index: number }) {
  const { rows, rowKey, columns, open, onOpen, active, selection, at, toggle, edge, shown, index } = parts;
  const row = rows[index]!;
  const key = rowKey(row);
  const mark = edge?.(row);
  return (
    <tr
      ref={shown.measure}
      data-index={index}
      data-key={key}
      data-active={key === active || undefined}
      data-at={index === at || undefined}
      data-selected={selection?.selected.has(key) || undefined}
      data-edge={mark ? '' : undefined}
      aria-rowindex={shown.windowed ? index + 2 : undefined}
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
        <td key={column.key} className={column.align === 'right' ? classes.right : undefined}>
          {column.render(row)}
        </td>
      ))}
    </tr>
  );
}
