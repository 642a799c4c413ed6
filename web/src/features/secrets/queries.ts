// Secrets of the workspace. Values go to the server and never come back.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type Secret = Schemas['Secret'];
export type Bindings = Schemas['SecretBindings'];

export function useSecrets() {
  return useCursorList<Secret>(['secrets', 'list'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/secrets', { params: { query: { limit: 100, cursor } }, signal })),
  );
}

export function useSecret(id: string) {
  return useQuery({
    queryKey: ['secrets', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/secrets/{id}', { params: { path: { id } }, signal })),
  });
}

function useChange<T>(change: (value: T) => Promise<unknown>) {
  const client = useQueryClient();
  // A value must not stay in memory as the variables of a finished mutation.
  return useMutation({
    mutationFn: change,
    gcTime: 0,
    onSettled: () => client.invalidateQueries({ queryKey: ['secrets'] }),
  });
}

export const useCreateSecret = () =>
  useChange((body: Schemas['NewSecret']) => data(api.POST('/api/v1/secrets', { body })));

export const useNewValue = (id: string) =>
  useChange((value: string) => data(api.PUT('/api/v1/secrets/{id}', { params: { path: { id } }, body: { value } })));

export const useEditSecret = (id: string) =>
  useChange((body: Schemas['SecretEdit']) =>
    data(api.PATCH('/api/v1/secrets/{id}', { params: { path: { id } }, body })),
  );

export const useDeleteSecret = (id: string) =>
  useChange(async () => {
    await api.DELETE('/api/v1/secrets/{id}', { params: { path: { id } } });
  });
