// Roles: those of every workspace, and this one's own.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';

export type Role = Schemas['Role'];

export function useRoles() {
  return useQuery({
    queryKey: ['roles', 'list'],
    queryFn: async ({ signal }) => (await data(api.GET('/api/v1/roles', { signal }))).items ?? [],
  });
}

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['roles'] }) });
}

export const useCreateRole = () => useChange((body: Schemas['NewRole']) => data(api.POST('/api/v1/roles', { body })));

export const useEditRole = () =>
  useChange(({ id, body }: { id: string; body: Schemas['RoleChange'] }) =>
    data(api.PUT('/api/v1/roles/{id}', { params: { path: { id } }, body })),
  );

export const useDeleteRole = () =>
  useChange(async (id: string) => {
    await api.DELETE('/api/v1/roles/{id}', { params: { path: { id } } });
  });
