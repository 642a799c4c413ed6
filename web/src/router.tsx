// The routes, made from the rows of pages.ts.

import type { QueryClient } from '@tanstack/react-query';
import {
  type AnyRoute,
  type AnyRouter,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type ParsedLocation,
  redirect,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { asProblem } from './api/client';
import { meQuery } from './api/session';
import { parseSearch, stringifySearch } from './lib/search';
import { globalPages, openPages, type PageRow, pages } from './pages';
import { Guarded } from './shell/Guarded';
import { RouteFailed, RouteMissing, RoutePending } from './shell/RouteStates';
import { Shell } from './shell/Shell';

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: RouteMissing,
});

const lastWorkspace = 'sluice.workspace';
export function rememberWorkspace(name: string): void {
  try {
    sessionStorage.setItem(lastWorkspace, name);
  } catch {
    // Without storage the next visit begins in the person's first workspace.
  }
}

/** Who the browser is signed in as in the workspace; else off to the sign-in, and back afterwards. */
async function enter(client: QueryClient, workspace: string, href: string) {
  try {
    return await client.ensureQueryData(meQuery(workspace));
  } catch (error) {
    if (asProblem(error).status !== 401) throw error;
    throw redirect({ to: '/login', search: (href === '/' ? {} : { next: href }) as never });
  }
}

/** The first page of the navigation. */
export const homePath = () => pages.find((page) => page.nav)!.path;

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: async ({ context, location }) => {
    const me = await enter(context.client, '', location.href);
    let name = me.workspace.name;
    try {
      const last = sessionStorage.getItem(lastWorkspace);
      if (last && me.workspaces?.some((one) => one.name === last)) name = last;
    } catch {
      // As above.
    }
    throw redirect({ to: `/w/$ws${homePath()}` as never, params: { ws: name } as never, replace: true });
  },
});

const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/w/$ws',
  beforeLoad: async ({ context, location, params }) => {
    await enter(context.client, params.ws, location.href);
    rememberWorkspace(params.ws);
  },
  component: Shell,
});
const workspaceIndex = createRoute({
  getParentRoute: () => workspaceRoute,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: `/w/$ws${homePath()}` as never, params: params as never, replace: true });
  },
});

const globalRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'global',
  beforeLoad: ({ context, location }) => enter(context.client, '', location.href),
  component: Shell,
});

function pageRoute(parent: AnyRoute, row: PageRow) {
  const Page = lazyRouteComponent(row.load, 'default') as unknown as ComponentType & { preload?: () => Promise<void> };
  return createRoute({
    getParentRoute: () => parent,
    path: row.path,
    component: () => (
      <Guarded permission={row.permission} title={row.title}>
        <Page />
      </Guarded>
    ),
    loader: () => Page.preload?.(),
    staticData: { title: row.title },
  });
}

const openRoute = (row: PageRow) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path: row.path,
    component: lazyRouteComponent(row.load, 'default') as never,
    staticData: { title: row.title },
  });

/** Addresses that earlier versions and the identity provider's answers use. */
const formerRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/sign-in',
    beforeLoad: ({ location }) => {
      throw redirect({ to: '/login', hash: location.hash, replace: true });
    },
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/runs/$id',
    beforeLoad: async ({ context, location, params }) => {
      const me = await enter(context.client, '', location.href);
      throw redirect({
        to: '/w/$ws/runs/$id' as never,
        params: { ws: me.workspace.name, id: params.id } as never,
        replace: true,
      });
    },
  }),
];

/** A page for who is not signed in. */
export const isOpenPage = (pathname: string) => openPages.some((page) => page.path === pathname);

/** Begins to load the page of an address while it is still asked who is signed in. */
export function preloadPage(pathname: string): void {
  const inside = /^\/w\/[^/]+(\/.+)/.exec(pathname)?.[1];
  const fits = (row: PageRow, path: string) => {
    const [wanted, given] = [row.path.split('/'), path.split('/')];
    return (
      wanted.length === given.length && wanted.every((part, index) => part.startsWith('$') || part === given[index])
    );
  };
  const row = inside
    ? pages.find((one) => fits(one, inside))
    : [...openPages, ...globalPages].find((one) => fits(one, pathname));
  // What fails is told when the page is drawn.
  row?.load().catch(() => undefined);
}

/**
 * The place in a page is noted when it is left. Who goes back while the next page is still on its way (its files load, what stands for
 * it is on the screen) leaves the same page once more, and by then it is not there: what is noted then is not its place.
 */
function placesOf() {
  let onTheWay = false;
  return {
    key: (location: ParsedLocation) => (onTheWay ? 'on the way' : (location.state.__TSR_key ?? location.href)),
    // The router notes and restores in listeners that it has before these.
    follow: (router: AnyRouter) => {
      router.subscribe('onBeforeLoad', () => {
        onTheWay = true;
      });
      router.subscribe('onResolved', () => {
        onTheWay = false;
      });
    },
  };
}

export function makeRouter(client: QueryClient) {
  const places = placesOf();
  const router = createRouter({
    routeTree: rootRoute.addChildren([
      homeRoute,
      ...openPages.map(openRoute),
      ...formerRoutes,
      workspaceRoute.addChildren([workspaceIndex, ...pages.map((row) => pageRoute(workspaceRoute, row))]),
      globalRoute.addChildren(globalPages.map((row) => pageRoute(globalRoute, row))),
    ]),
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 150,
    defaultPendingComponent: RoutePending,
    defaultErrorComponent: RouteFailed,
    defaultNotFoundComponent: RouteMissing,
    scrollRestoration: true,
    getScrollRestorationKey: places.key,
  });
  places.follow(router);
  return router;
}

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    title?: string;
  }
}
