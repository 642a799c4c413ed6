// The frame around every page of who is signed in: rail, top bar, content; on phones a drawer and a bar at the bottom.

import { useMediaQuery } from '@mantine/hooks';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useMe } from '@/api/session';
import { live } from '@/lib/live';
import { usePreferences } from '@/lib/preferences';
import { useReachable } from '@/lib/reachable';
import { BottomBar } from './BottomBar';
import { ConnectionBanner } from './ConnectionBanner';
import { Rail } from './Rail';
import classes from './Shell.module.css';
import { ShellKeys } from './ShellKeys';
import { TopBar } from './TopBar';

const PagesDrawer = lazy(() => import('./PagesDrawer'));

export function Shell() {
  const me = useMe();
  const phone = useMediaQuery('(max-width: 639px)', innerWidth < 640, { getInitialValueInEffect: false });
  const tight = useMediaQuery('(max-width: 1279px)', innerWidth < 1280, { getInitialValueInEffect: false });
  const { narrowRail } = usePreferences();
  const [drawer, setDrawer] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const reachable = useReachable();

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the drawer
  useEffect(() => setDrawer(false), [path]);
  const follows = me.permissions.includes('events:read');
  useEffect(() => {
    live.open(follows ? me.workspace.id : '');
  }, [me.workspace.id, follows]);
  useEffect(() => {
    const show = () => live.show(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', show);
    return () => document.removeEventListener('visibilitychange', show);
  }, []);

  return (
    <div className={classes.shell} data-rail={phone ? 'none' : tight || narrowRail ? 'narrow' : 'wide'}>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <ShellKeys />
      <TopBar phone={phone} onMenu={() => setDrawer(true)} />
      {!phone && <Rail narrow={tight || narrowRail} />}
      <div className={classes.content} id="content">
        {!reachable && <ConnectionBanner />}
        <Outlet />
      </div>
      {phone && <BottomBar onMore={() => setDrawer(true)} />}
      {phone && drawer && (
        <Suspense>
          <PagesDrawer onClose={() => setDrawer(false)} />
        </Suspense>
      )}
    </div>
  );
}
