// The menus of the top bar; they come after the page, and stand-ins of the same size keep their places (TopBar.tsx).

import { ActionIcon, Menu, UnstyledButton } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown, CircleUser, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { api } from '@/api/client';
import { projectsQuery, useMay, useMe, useWorkspaces } from '@/api/session';
import { Link, type LinkProps } from '@/components/Link';
import { live } from '@/lib/live';
import { type Preferences, setPreferences, usePreferences } from '@/lib/preferences';
import { useProject } from '@/lib/project';
import classes from './Menus.module.css';
import { expectSignOut } from './sign_in_again';

/** The workspace in the address, and the way to others: to the same list there, never to one object's page. */
export function WorkspaceSwitcher() {
  const me = useMe();
  const all = useWorkspaces();
  const navigate = useNavigate();
  const enter = (name: string) => {
    const section = /^\/w\/[^/]+(\/[^/]+)/.exec(location.pathname)?.[1] ?? '/';
    void navigate({ to: `/w/$ws${section}` as never, params: { ws: name } as never });
  };
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.button}>
          <span className={classes.hidden}>Workspace </span>
          <span className="ellipsis">{me.workspace.name}</span>
          <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {all.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => enter(one.name)}
            rightSection={one.id === me.workspace.id ? <Check size={14} aria-label="this one" /> : undefined}
          >
            {one.name}
            {one.role && <span className="meta"> {one.role}</span>}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Shows only what belongs to one project, on every page that knows projects. Not there while the workspace has only one. */
export function ProjectFilter() {
  const may = useMay('projects:read');
  const projects = useQuery({ ...projectsQuery(), enabled: may });
  const [project, choose] = useProject();
  const items = projects.data?.items ?? [];
  if (items.length < 2 && !project) return null;
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.button}>
          <span className={classes.hidden}>Project </span>
          <span className="ellipsis">{project || 'All projects'}</span>
          <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Show only the project</Menu.Label>
        <Menu.Item
          onClick={() => choose('')}
          rightSection={project ? undefined : <Check size={14} aria-label="chosen" />}
        >
          All projects
        </Menu.Item>
        {items.map((one) => (
          <Menu.Item
            key={one.name}
            onClick={() => choose(one.name ?? '')}
            rightSection={project === one.name ? <Check size={14} aria-label="chosen" /> : undefined}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const densities: [Preferences['density'], string][] = [
  ['compact', 'Compact rows'],
  ['usual', 'Usual rows'],
  ['roomy', 'Roomy rows'],
];
const themes: [Preferences['theme'], string, typeof Sun][] = [
  ['system', 'Theme of the system', Monitor],
  ['light', 'Light theme', Sun],
  ['dark', 'Dark theme', Moon],
];

const AccountLink = (props: Omit<LinkProps, 'to'>) => <Link {...props} to="/account" global />;

/** Who is signed in, how this looks, and the way out. */
export function AccountMenu() {
  const me = useMe();
  const preferences = usePreferences();
  const leave = useMutation({
    onMutate: expectSignOut,
    mutationFn: () => api.POST('/api/v1/auth/logout'),
    onSettled: () => {
      live.open('');
      // Loaded anew: nothing of the person stays, and nothing asks in their name any more.
      location.assign('/login');
    },
  });
  const check = (on: boolean) => (on ? <Check size={14} aria-hidden /> : <span style={{ width: 14 }} />);
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon aria-label="Your account and how this looks">
          <CircleUser size={18} strokeWidth={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.user ? `${me.user.name}, ${me.user.email}` : me.principal.name} ({me.role})
        </Menu.Label>
        <Menu.Item component={AccountLink} leftSection={<CircleUser size={14} />}>
          Your account
        </Menu.Item>
        <Menu.Divider />
        {themes.map(([theme, label, Icon]) => (
          <Menu.Item
            key={theme}
            role="menuitemradio"
            aria-checked={preferences.theme === theme}
            leftSection={<Icon size={14} />}
            rightSection={check(preferences.theme === theme)}
            onClick={() => setPreferences({ theme })}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {densities.map(([density, label]) => (
          <Menu.Item
            key={density}
            role="menuitemradio"
            aria-checked={preferences.density === density}
            rightSection={check(preferences.density === density)}
            onClick={() => setPreferences({ density })}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={14} />} onClick={() => leave.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
