// A list of flat objects as a table, 200 rows at a time.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { type Json, shortValue } from './json';
import { isReference } from './rows';
import type { Table } from './shape';
import styles from './ValueTable.module.css';

const STEP = 200;

export interface ValueTableProps {
  label: string;
  table: Table;
  artifactHref?: (id: string) => string;
  maxHeight?: string | number;
}

export function ValueTable({ label, table, artifactHref, maxHeight }: ValueTableProps) {
  const [most, setMost] = useState(STEP);
  const rows = table.rows.slice(0, most);
  return (
    <div className={styles.box}>
      <section className={styles.scroll} style={{ maxHeight }} tabIndex={0} aria-label={`${label} as a table`}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">#</th>
              {table.columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                <td className={styles.place}>{index}</td>
                {table.columns.map((name) => (
                  <Cell key={name} value={row[name]} artifactHref={artifactHref} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {(table.rows.length > most || table.more > 0) && (
        <div className={styles.more}>
          {table.rows.length > most && (
            <Button size="xs" onClick={() => setMost(most + STEP)}>
              Show {Math.min(STEP, table.rows.length - most)} more rows
            </Button>
          )}
          <span className="meta">
            {rows.length} of {table.rows.length} rows{table.more > 0 && `, ${table.more} more columns are in the tree`}
          </span>
        </div>
      )}
    </div>
  );
}

function Cell({ value, artifactHref }: { value: Json | undefined; artifactHref?: (id: string) => string }) {
  if (value === undefined) return <td />;
  if (isReference(value) && artifactHref) {
    return (
      <td>
        <a href={artifactHref(value.$artifact)} download={value.name ?? true}>
          {value.name ?? value.$artifact}
        </a>
      </td>
    );
  }
  if (typeof value === 'number') return <td className={styles.number}>{JSON.stringify(value)}</td>;
  const text = typeof value === 'string' ? value : shortValue(value, 120);
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return <td title={short === text ? undefined : text.slice(0, 2000)}>{short}</td>;
}
