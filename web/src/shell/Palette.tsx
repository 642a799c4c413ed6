// The command palette: pages, runs and flows by id and name, actions.

import '@mantine/spotlight/styles.layer.css';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import { CornerDownLeft, Keyboard, type LucideIcon, Moon, Play, Search, Settings, Sun, Workflow } from 'lucide-react';
import { useEffect, useState } from 'react';
import { api, data } from '@/api/client';
import { useMay } from '@/api/session';
import { type Target, useGo } from '@/components/Link';
import { setPreferences, useScheme } from '@/lib/preferences';
import { pages } from '@/pages';
import classes from './Palette.module.css';
import { showOverlay } from './palette_state';
import { useNavPages } from './Rail';

const [store, actions] = createSpotlight();

interface Entry {
  id: string;
  label: string;
  tells?: string;
  icon: LucideIcon;
  act: () => void;
}

const has = (path: string) => pages.some((page) => page.path === path);
const fits = (query: string, ...texts: (string | undefined)[]) =>
  query.split(/\s+/).every((word) => texts.some((text) => text?.toLowerCase().includes(word)));

/** An id opens its object, whatever its kind. */
function targetOfId(query: string): (Target & { what: string }) | undefined {
  const kind = /^([a-z]{2,5})_[0-9a-z]{26}$/.exec(query)?.[1];
  const path = { run: '/runs/$id', flw: '/flows/$id', dlq: '/dead-letters/$id' }[kind ?? ''];
  return path && has(path)
    ? { to: path, params: { id: query }, what: path.split('/')[1]!.replace(/s$/, '').replace('-', ' ') }
    : undefined;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const scheme = useScheme();
  const navPages = useNavPages();
  const mayFlows = useMay('flows:read');
  const mayRuns = useMay('runs:read');
  const [query, setQuery] = useState('');
  const [asked] = useDebouncedValue(query.trim(), 120);
  useEffect(() => actions.open(), []);

  const word = query.trim().toLowerCase();
  const flows = useQuery({
    queryKey: ['palette', 'flows'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/flows', { params: { query: { limit: 200 } }, signal })),
    enabled: mayFlows && has('/flows/$id'),
    staleTime: 30_000,
  });
  const runs = useQuery({
    queryKey: ['palette', 'runs'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/runs', { params: { query: { limit: 50 } }, signal })),
    enabled: mayRuns && has('/runs/$id') && asked.length > 2,
    staleTime: 10_000,
  });

  const to = (target: Target) => () => go(target);
  const named = targetOfId(query.trim());
  const groups: [string, Entry[]][] = [
    [
      'Opens',
      named
        ? [{ id: 'id', label: `Open the ${named.what} ${query.trim()}`, icon: CornerDownLeft, act: to(named) }]
        : [],
    ],
    [
      'Pages',
      navPages
        .filter((page) => fits(word, page.title, page.nav!.group))
        .map((page) => ({ id: page.path, label: page.title, icon: page.nav!.icon, act: to({ to: page.path }) })),
    ],
    [
      'Flows',
      word === ''
        ? []
        : (flows.data?.items ?? [])
            .filter((flow) => fits(word, flow.name, flow.id, flow.project))
            .slice(0, 8)
            .map((flow) => ({
              id: flow.id,
              label: flow.name,
              tells: flow.project,
              icon: Workflow,
              act: to({ to: '/flows/$id', params: { id: flow.id } }),
            })),
    ],
    [
      'Latest runs',
      word.length < 3
        ? []
        : (runs.data?.items ?? [])
            .filter((run) => fits(word, run.id, run.flow?.name, run.status))
            .slice(0, 8)
            .map((run) => ({
              id: run.id,
              label: `${run.flow?.name ?? 'run'} ${run.status.replace('_', ' ')}`,
              tells: run.id,
              icon: Play,
              act: to({ to: '/runs/$id', params: { id: run.id } }),
            })),
    ],
    [
      'Actions',
      [
        {
          id: 'theme',
          label: scheme === 'dark' ? 'Switch to the light theme' : 'Switch to the dark theme',
          icon: scheme === 'dark' ? Sun : Moon,
          act: () => setPreferences({ theme: scheme === 'dark' ? 'light' : 'dark' }),
        },
        { id: 'account', label: 'Your account', icon: Settings, act: to({ to: '/account', global: true }) },
        { id: 'keys', label: 'Show the keys that work here', icon: Keyboard, act: () => showOverlay('help') },
      ].filter((entry) => fits(word, entry.label)),
    ],
  ];
  const none = groups.every(([, entries]) => entries.length === 0);

  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={onClose}
      shortcut={null}
      scrollable
      centered={false}
      yOffset="12vh"
      classNames={classes}
      maxHeight={420}
      transitionProps={{ duration: 120 }}
      overlayProps={{ color: 'var(--scrim)', backgroundOpacity: 1 }}
    >
      <Spotlight.Search
        placeholder="Pages, flows, runs by id or name, actions"
        aria-label="Search"
        leftSection={<Search size={16} strokeWidth={1.75} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {groups.map(
          ([title, entries]) =>
            entries.length > 0 && (
              <Spotlight.ActionsGroup key={title} label={title}>
                {entries.map((entry) => (
                  <Spotlight.Action
                    key={entry.id}
                    label={entry.label}
                    description={entry.tells}
                    leftSection={<entry.icon size={16} strokeWidth={1.75} aria-hidden />}
                    onClick={() => {
                      onClose();
                      entry.act();
                    }}
                  />
                ))}
              </Spotlight.ActionsGroup>
            ),
        )}
        {none && <Spotlight.Empty>Nothing here is called so. Lists have filters of their own.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
