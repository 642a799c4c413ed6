// A list in its panel with all that it can be instead: on its way, failed, empty, or without anything that fits the filters.
//
//   <List query={keys} rows={keys.items} what="keys" label="API keys" rowKey={(key) => key.id} columns={columns} more={keys.more}
//     empty={<Empty action={button} command="sluice key create">No key yet.</Empty>}
//     onClear={filtered ? clear : undefined} />

import type { ReactNode } from 'react';
import { DataTable, type DataTableProps } from './DataTable';
import { Panel } from './Panel';
import { Failed, FilteredEmpty, Loading, ProblemText } from './States';

/** What a list needs to know of the query that brings it. */
export interface ListQuery {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

export interface ListProps<T> extends DataTableProps<T> {
  query: ListQuery;
  /** In the plural: "No keys fit the filters", "The list of keys could not be loaded". */
  what: string;
  empty: ReactNode;
  /** Given while anything is filtered. */
  onClear?: () => void;
  title?: ReactNode;
  /** How many lines stand for it until it is there. */
  lines?: number;
}

export function List<T>({ query, what, empty, onClear, title, lines = 6, ...table }: ListProps<T>) {
  return (
    <Panel flush title={title}>
      {query.isPending ? (
        <Loading rows={lines} />
      ) : table.rows.length > 0 ? (
        <>
          <DataTable {...table} />
          {/* What was there stays when it cannot be read anew. */}
          {query.isError && <ProblemText error={query.error} />}
        </>
      ) : query.isError ? (
        <Failed error={query.error} what={`The list of ${what}`} onRetry={() => void query.refetch()} />
      ) : onClear ? (
        <FilteredEmpty what={what} onClear={onClear} />
      ) : (
        empty
      )}
    </Panel>
  );
}
