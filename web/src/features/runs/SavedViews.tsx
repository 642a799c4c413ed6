// Filters of the list under a name: one's own, and those that are shared in the workspace.

import { Button, Checkbox, Menu, TextInput } from '@mantine/core';
import { Bookmark, ChevronDown, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { Confirm } from '@/components/Confirm';
import { ProblemText } from '@/components/States';
import { parseSearch, stringifySearch } from '@/lib/search';
import { type RunSearch, runSearch } from './filters';
import { type SavedView, useDeleteView, useSavedViews, useSaveView } from './queries';

interface SavedViewsProps {
  values: RunSearch;
  filtered: boolean;
  onOpen: (values: RunSearch) => void;
}

export function SavedViews({ values, filtered, onOpen }: SavedViewsProps) {
  const views = useSavedViews();
  const save = useSaveView();
  const remove = useDeleteView();
  const [naming, setNaming] = useState(false);
  const [removing, setRemoving] = useState<SavedView>();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const search = stringifySearch(runSearch.format(values)).replace(/^\?/, '');
  const all = views.data?.items ?? [];
  const shown = all.find((view) => view.search === search);
  const same = all.find((view) => view.own && view.name === name.trim());
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button leftSection={<Bookmark size={14} aria-hidden />} rightSection={<ChevronDown size={14} aria-hidden />}>
            {shown ? shown.name : 'Views'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.isPending && <Menu.Label>Loading</Menu.Label>}
          {views.isError && (
            <Menu.Label>
              <ProblemText error={views.error} />
            </Menu.Label>
          )}
          {views.data && all.length === 0 && <Menu.Label>No view is saved yet</Menu.Label>}
          {all.map((view) => (
            <Menu.Item
              key={view.id}
              onClick={() => onOpen(runSearch.parse(parseSearch(view.search)))}
              rightSection={view.shared ? <Users size={14} aria-label="Shared" /> : undefined}
            >
              {view.name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            disabled={!filtered}
            onClick={() => {
              setName(shown?.own ? shown.name : '');
              setShared(shown?.shared ?? false);
              setNaming(true);
            }}
          >
            Save these filters
          </Menu.Item>
          {shown?.own && (
            <Menu.Item color="danger" leftSection={<Trash2 size={14} aria-hidden />} onClick={() => setRemoving(shown)}>
              Delete the view {shown.name}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={naming}
        onClose={() => setNaming(false)}
        title="Save these filters"
        action={same ? `Write over ${same.name}` : 'Save view'}
        disabled={name.trim() === ''}
        onConfirm={() => save.mutateAsync({ name: name.trim(), search, shared, over: same })}
      >
        <div className="stack">
          <TextInput
            label="Name"
            value={name}
            maxLength={80}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Checkbox
            label="Everybody in the workspace sees it"
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
        </div>
      </Confirm>
      <Confirm
        opened={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        title="Delete this view?"
        action="Delete view"
        danger
        onConfirm={() => remove.mutateAsync(removing!)}
      >
        {removing?.shared
          ? `${removing.name} goes for everybody in the workspace. The runs stay as they are.`
          : `${removing?.name} is yours alone. The runs stay as they are.`}
      </Confirm>
    </>
  );
}
