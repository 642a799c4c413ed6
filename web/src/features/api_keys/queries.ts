// What the page of API keys asks and tells the server.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';
import { useCursorList } from '@/lib/lists';

export type ApiKey = Schemas['ApiKey'];
export type NewApiKey = Schemas['NewApiKey'];

export function useApiKeys() {
  return useCursorList<ApiKey>(['api-keys', 'list'], ({ cursor, signal }) =>
    data(api.GET('/api/v1/api-keys', { params: { query: { limit: 50, cursor } }, signal })),
  );
}

export function useApiKey(id: string) {
  return useQuery({
    queryKey: ['api-keys', 'one', id],
    queryFn: ({ signal }) => data(api.GET('/api/v1/api-keys/{id}', { params: { path: { id } }, signal })),
  });
}

function useChange<T, R>(change: (value: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['api-keys'] }) });
}

export const useCreateKey = () => useChange((body: NewApiKey) => data(api.POST('/api/v1/api-keys', { body })));

export const useChangeKey = (id: string) =>
  useChange((body: Schemas['ApiKeyChange']) =>
    data(api.PATCH('/api/v1/api-keys/{id}', { params: { path: { id } }, body })),
  );

export const useRevokeKey = (id: string) =>
  useChange(async () => {
    await api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } });
  });
