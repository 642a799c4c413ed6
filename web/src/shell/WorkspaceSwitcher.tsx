import { Menu, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown } from 'lucide-react';
import { useMe, useWorkspaces } from '@/api/session';
import classes from './WorkspaceSwitcher.module.css';

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
