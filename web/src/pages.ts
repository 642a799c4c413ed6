// All pages, one row each, in the order of the navigation. To add one: a file with a default export in features/<module>/, and
// its row here. Paths of `pages` are below /w/WORKSPACE; `$id` is a parameter (useParams). Icons: lucide-react, by name.

import { type LucideIcon, Play } from 'lucide-react';
import type { ComponentType } from 'react';

export type NavGroup = 'Work' | 'Build' | 'Operate' | 'Govern';
export const navGroups: NavGroup[] = ['Work', 'Build', 'Operate', 'Govern'];

export interface PageRow {
  /** "/runs", "/runs/$id". */
  path: string;
  /** What the navigation, the palette and the browser's tab call it. */
  title: string;
  /** A page without `nav` is reached from others: one object, a form. */
  nav?: {
    group: NavGroup;
    icon: LucideIcon;
    /** The key after `g`. */
    key?: string;
    /** Shown in the bottom bar of phones (four at most). */
    bottom?: boolean;
  };
  /** Who lacks it sees no entry, and on the page which role is needed. */
  permission?: string;
  load: () => Promise<{ default: ComponentType }>;
}

export const pages: PageRow[] = [
  {
    path: '/runs',
    title: 'Runs',
    nav: { group: 'Work', icon: Play, key: 'r', bottom: true },
    permission: 'runs:read',
    load: () => import('./features/runs/RunsPage'),
  },
];

/** Inside of the shell, but of no workspace. */
export const globalPages: PageRow[] = [
  { path: '/account', title: 'Your account', load: () => import('./features/account/AccountPage') },
];

/** For who is not signed in. */
export const openPages: PageRow[] = [
  { path: '/login', title: 'Sign in', load: () => import('./features/entry/LoginPage') },
  { path: '/setup', title: 'Set up Sluice', load: () => import('./features/entry/SetupPage') },
  { path: '/invite', title: 'Invitation', load: () => import('./features/entry/InvitePage') },
  { path: '/reset', title: 'New password', load: () => import('./features/entry/ResetPage') },
];
