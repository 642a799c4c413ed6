import { ActionIcon, Menu, Tooltip, UnstyledButton } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, CircleUser, LogOut, Menu as MenuIcon, Monitor, Moon, PanelLeft, Search, Sun } from 'lucide-react';
import { api } from '@/api/client';
import { useMay, useMe } from '@/api/session';
import { Link, type LinkProps } from '@/components/Link';
import { printKeys } from '@/lib/keys';
import { live } from '@/lib/live';
import { type Preferences, setPreferences, usePreferences, useScheme } from '@/lib/preferences';
import { LivePill } from './LivePill';
import { ProjectFilter } from './ProjectFilter';
import { openPalette } from './palette_state';
import classes from './TopBar.module.css';
import { WorkspaceSwitcher } from './WorkspaceSwitcher';

export function TopBar({ phone, onMenu }: { phone: boolean; onMenu: () => void }) {
  const scheme = useScheme();
  const { narrowRail } = usePreferences();
  const follows = useMay('events:read');
  return (
    <header className={classes.bar}>
      {phone ? (
        <ActionIcon onClick={onMenu} aria-label="All pages">
          <MenuIcon size={18} strokeWidth={1.75} />
        </ActionIcon>
      ) : (
        <>
          <Link to="/" global className={classes.brand} aria-label="Sluice, first page">
            <img src="/icon.svg" alt="" width={20} height={20} />
          </Link>
          <Tooltip label={narrowRail ? 'Pages with their names' : 'Pages as icons'}>
            <ActionIcon
              className={classes.railButton}
              onClick={() => setPreferences({ narrowRail: !narrowRail })}
              aria-label={narrowRail ? 'Show names of pages' : 'Show pages as icons'}
            >
              <PanelLeft size={16} strokeWidth={1.75} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
      <WorkspaceSwitcher />
      {!phone && <ProjectFilter />}
      <UnstyledButton className={classes.palette} onClick={openPalette}>
        <Search size={14} strokeWidth={1.75} aria-hidden />
        <span className={classes.paletteText}>Search</span>
        {!phone && <kbd aria-hidden>{printKeys('$mod+K')}</kbd>}
      </UnstyledButton>
      <div className="grow" />
      {follows && <LivePill compact={phone} />}
      {!phone && (
        <Tooltip label={scheme === 'dark' ? 'Light theme' : 'Dark theme'}>
          <ActionIcon
            onClick={() => setPreferences({ theme: scheme === 'dark' ? 'light' : 'dark' })}
            aria-label={scheme === 'dark' ? 'Switch to the light theme' : 'Switch to the dark theme'}
          >
            {scheme === 'dark' ? <Sun size={16} strokeWidth={1.75} /> : <Moon size={16} strokeWidth={1.75} />}
          </ActionIcon>
        </Tooltip>
      )}
      <AccountMenu />
    </header>
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

function AccountMenu() {
  const me = useMe();
  const preferences = usePreferences();
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: () => api.POST('/api/v1/auth/logout'),
    onSettled: () => {
      live.open('');
      client.clear();
      void navigate({ to: '/login' });
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
