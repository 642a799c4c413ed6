// All bulk actions, newest first.

import type { Column } from '@/components/DataTable';
import { Link, useGo } from '@/components/Link';
import { List } from '@/components/List';
import { Page } from '@/components/Page';
import { Empty } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { Who } from '@/components/Who';
import { Progress } from './Progress';
import { type BulkAction, useBulkActions } from './queries';
import { filterLines, titleOf } from './words';

const columns: Column<BulkAction>[] = [
  {
    key: 'what',
    title: 'Action',
    card: 'title',
    render: (action) => (
      <Link to="/bulk-actions/$id" params={{ id: action.id }}>
        {titleOf(action)}
      </Link>
    ),
  },
  {
    key: 'state',
    title: 'State',
    width: 110,
    card: 'mark',
    render: (action) => (
      <StatusMark status={action.state === 'stopped' ? 'failed' : action.state} word={action.state} />
    ),
  },
  { key: 'progress', title: 'Progress', width: 140, render: (action) => <Progress action={action} small /> },
  { key: 'done', title: 'Done', width: 70, align: 'right', render: (action) => action.done.toLocaleString('en-US') },
  {
    key: 'failed',
    title: 'Refused',
    width: 76,
    align: 'right',
    render: (action) => (action.failed ? action.failed.toLocaleString('en-US') : null),
  },
  {
    key: 'filter',
    title: 'Filter',
    below: 1280,
    render: (action) => (
      <span title={JSON.stringify(action.filter)}>
        {filterLines(action)
          .map(([name, value]) => `${name}: ${value}`)
          .join('; ')}
      </span>
    ),
  },
  { key: 'by', title: 'By', width: 130, below: 1024, render: (action) => <Who id={action.created_by} /> },
  { key: 'created', title: 'Begun', width: 110, render: (action) => <Ago time={action.created_at} /> },
];

export default function BulkActionsPage() {
  const go = useGo();
  const actions = useBulkActions();
  return (
    <Page title="Bulk actions" ready={!actions.isPending}>
      <List
        query={actions}
        what="bulk actions"
        empty={
          <Empty command="sluice runs retry-all --dry-run">
            No bulk action yet. The lists of runs and dead letters begin them: filter, then “All that fit”.
          </Empty>
        }
        label="Bulk actions"
        rows={actions.items}
        rowKey={(action) => action.id}
        columns={columns}
        more={actions.more}
        onOpen={(action) => go({ to: '/bulk-actions/$id', params: { id: action.id } })}
      />
    </Page>
  );
}
