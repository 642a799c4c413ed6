// Links inside of the dashboard. In a workspace `to` is below /w/WORKSPACE:
//   <Link to="/runs/$id" params={{ id: run.id }} search={{ view: 'events' }}>…</Link>
//   <Link to="/account" global>…</Link>
// It also serves as the root of Mantine's parts: <Button component={Link} to="/flows">.

import { Link as RouterLink, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';
import { useCallback } from 'react';
import { useMe } from '@/api/session';

export interface Target {
  to: string;
  params?: Record<string, string>;
  search?: Record<string, string | undefined>;
  /** Not below the workspace. */
  global?: boolean;
}

export interface LinkProps extends Target, Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  ref?: Ref<HTMLAnchorElement>;
  replace?: boolean;
}

/** The name of the workspace in the address; on global pages the one that the person would enter. */
export function useWorkspaceName(): string {
  const { ws } = useParams({ strict: false }) as { ws?: string };
  const me = useMe();
  return ws ?? me.workspace.name;
}

// The chosen project stays chosen from page to page.
function useTarget() {
  const ws = useWorkspaceName();
  const { project } = useSearch({ strict: false }) as { project?: string };
  return useCallback(
    ({ to, params, search, global }: Target) => ({
      to: (global ? to : `/w/$ws${to}`) as never,
      params: { ws, ...params } as never,
      search: (global ? search : { ...(project ? { project } : {}), ...search }) as never,
    }),
    [ws, project],
  );
}

export function Link({ to, params, search, global, children, ref, ...rest }: LinkProps) {
  const target = useTarget();
  return (
    <RouterLink ref={ref} {...rest} {...target({ to, params, search, global })}>
      {children}
    </RouterLink>
  );
}

/** Goes there by code: `const go = useGo(); go({ to: '/runs/$id', params: { id } })`. */
export function useGo(): (target: Target, replace?: boolean) => void {
  const target = useTarget();
  const navigate = useNavigate();
  return useCallback((where, replace) => void navigate({ ...target(where), replace }), [navigate, target]);
}
