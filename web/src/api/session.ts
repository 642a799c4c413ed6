// Who is signed in, and in which workspace.

import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { api, data, type Schemas, workspaceOfAddress } from './client';

export interface Membership {
  id: string;
  name: string;
  role: string;
}
export type Me = Omit<
  Schemas['Me'],
  'user' | 'session' | 'second_factor' | 'workspaces' | 'workspace' | 'principal'
> & {
  principal: { id: string; kind: string; name: string };
  workspace: { id: string; name: string };
  user?: { id: string; email: string; name: string };
  session?: { id: string; proved_at: string };
  second_factor?: { enabled: boolean; required: boolean };
  workspaces?: Membership[];
};

/** Of the workspace in the address, or of the person's first one. */
export const meQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['me', workspace],
    queryFn: ({ signal }) => data(api.GET('/api/v1/auth/me', { signal })) as unknown as Promise<Me>,
    staleTime: 60_000,
  });

/** Inside of the shell, where it is loaded already. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery(workspaceOfAddress())).data;
}

/** The workspace of the page: its name is in the address, its id in the API's answers. */
export function useWorkspace(): { id: string; name: string } {
  return useMe().workspace;
}

/** Whether the person may: `useMay('runs:write')`. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}

/** `undefined` when it may; else why a control is off: shown as its tooltip. */
export function useWhyNot(permission: string): string | undefined {
  const me = useMe();
  return me.permissions.includes(permission)
    ? undefined
    : `Your role here, ${me.role}, lacks the permission ${permission}.`;
}

/** The workspaces that the person may enter. A one-time link's session sees those of the server. */
export function useWorkspaces(): { id: string; name: string; role?: string }[] {
  const me = useMe();
  const all = useQuery({
    queryKey: ['workspaces'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/workspaces', { signal })),
    enabled: !me.workspaces,
    staleTime: 60_000,
  });
  return me.workspaces ?? all.data?.items ?? [me.workspace];
}

/** The workspace's projects, by name. */
export const projectsQuery = () =>
  queryOptions({
    queryKey: ['projects'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/projects', { signal })),
    staleTime: 60_000,
  });

/** Names of the roles that members and keys of the workspace can have. */
export function useRoleNames() {
  return useQuery({
    queryKey: ['roles', 'names'],
    queryFn: async ({ signal }) => {
      const list = await data(api.GET('/api/v1/roles', { signal }));
      return (list.items ?? []).map((role) => role.name);
    },
    staleTime: 60_000,
  });
}
