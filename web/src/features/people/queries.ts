// Members of the workspace and invitations to it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type User = Schemas['User'];
export type Invitation = Schemas['Invitation'];

export function useUsers() {
  return useCursorList<User>(['users', 'list'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/users', { params: { query: { limit: 50, cursor } }, signal })),
  );
}

export function useUser(id: string) {
  return useQuery({
    queryKey: ['users', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/users/{id}', { params: { path: { id } }, signal })),
  });
}

export function useInvitations() {
  return useCursorList<Invitation>(['users', 'invitations'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/invitations', { params: { query: { limit: 50, cursor } }, signal })),
  );
}

function useChange<T, R>(change: (value: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['users'] }) });
}

export const useChangeUser = (id: string) =>
  useChange((body: Schemas['UserChange']) => data(api.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body })));

export const useRemoveUser = (id: string) =>
  useChange(async () => {
    await api.DELETE('/api/v1/users/{id}', { params: { path: { id } } });
  });

export const useInvite = () =>
  useChange((body: Schemas['NewInvitation']) => data(api.POST('/api/v1/invitations', { body })));

export const useRevokeInvitation = () =>
  useChange(async (id: string) => {
    await api.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } });
  });
