// Settings of the workspace.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useWorkspace } from '@/api/session';

export function useWorkspaceSettings() {
  const { id } = useWorkspace();
  return useQuery({
    queryKey: ['workspace', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/workspaces/{id}', { params: { path: { id } }, signal })),
  });
}

export function useEgress() {
  const { id } = useWorkspace();
  return useQuery({
    queryKey: ['workspace', id, 'egress'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/workspaces/{id}/egress', { params: { path: { id } }, signal })),
  });
}

function useChange<T>(keys: string[], change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: keys }) });
}

export function useRequireSecondFactor() {
  const { id } = useWorkspace();
  return useChange(['workspace'], (required: boolean) =>
    data(api.PATCH('/api/v1/workspaces/{id}', { params: { path: { id } }, body: { require_second_factor: required } })),
  );
}

export function useSetEgress() {
  const { id } = useWorkspace();
  return useChange(['workspace'], (body: Schemas['NewEgressRules']) =>
    data(api.PUT('/api/v1/workspaces/{id}/egress', { params: { path: { id } }, body })),
  );
}

export const useCreateProject = () =>
  useChange(['projects'], (name: string) => data(api.POST('/api/v1/projects', { body: { name } })));
