// A list as cards, on phones: a heading, a mark beside it, the rest in lines.

import { Checkbox } from '@mantine/core';
import classes from '../DataTable.module.css';
import { isForRow, type TableParts } from './parts';

export function Cards<T>(parts: TableParts<T>) {
  const { label, rows, rowKey, columns, open, onOpen, active, selection, at, toggle, shown } = parts;
  const title = columns.find((column) => column.card === 'title') ?? columns[0]!;
  const marks = columns.filter((column) => column.card === 'mark');
  const lines = columns.filter((column) => column !== title && column.card === undefined);
  return (
    <ul className={classes.cards} aria-label={label} style={shown.rest > 0 ? { paddingBottom: shown.rest } : undefined}>
      {shown.drawn.map(({ index, gap }) => {
        const row = rows[index]!;
        const key = rowKey(row);
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the link in the card does the same
          <li
            key={key}
            ref={shown.measure}
            data-index={index}
            data-key={key}
            data-active={key === active || undefined}
            data-at={index === at || undefined}
            aria-setsize={shown.windowed ? rows.length : undefined}
            aria-posinset={shown.windowed ? index + 1 : undefined}
            className={classes.card}
            style={gap > 0 ? { marginTop: gap } : undefined}
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
