import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { ChevronsUpDown, CircleUser, Menu as MenuIcon, Moon, PanelLeft, Search, Sun } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useMay, useMe } from '@/api/session';
import { Link } from '@/components/Link';
import { printKeys } from '@/lib/keys';
import { setPreferences, usePreferences, useScheme } from '@/lib/preferences';
import { LivePill } from './LivePill';
import menus from './Menus.module.css';
import { openPalette } from './palette_state';
import classes from './TopBar.module.css';

const WorkspaceSwitcher = lazy(() => import('./Menus').then((module) => ({ default: module.WorkspaceSwitcher })));
const ProjectFilter = lazy(() => import('./Menus').then((module) => ({ default: module.ProjectFilter })));
const AccountMenu = lazy(() => import('./Menus').then((module) => ({ default: module.AccountMenu })));

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
      <Suspense fallback={<WorkspaceName />}>
        <WorkspaceSwitcher />
      </Suspense>
      <UnstyledButton className={classes.palette} onClick={openPalette}>
        <Search size={14} strokeWidth={1.75} aria-hidden />
        <span className={classes.paletteText}>Search</span>
        {!phone && <kbd aria-hidden>{printKeys('$mod+K')}</kbd>}
      </UnstyledButton>
      <Suspense>{!phone && <ProjectFilter />}</Suspense>
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
      <Suspense
        fallback={
          <ActionIcon aria-label="Your account and how this looks" disabled>
            <CircleUser size={18} strokeWidth={1.75} />
          </ActionIcon>
        }
      >
        <AccountMenu />
      </Suspense>
    </header>
  );
}

/** Until the menu is there. */
function WorkspaceName() {
  const me = useMe();
  return (
    <span className={menus.button}>
      <span className="ellipsis">{me.workspace.name}</span>
      <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
    </span>
  );
}
