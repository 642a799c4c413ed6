// The state of the server, for those who run it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data, type Schemas } from '@/api/client';

export type Spread = Schemas['Spread'];
/** The parts that the document leaves open are named here. */
export type SystemState = Omit<Schemas['SystemState'], 'engine' | 'storage' | 'vault' | 'providers'> & {
  engine: Record<string, number | string>;
  storage: Record<string, number>;
  vault: { sealed: boolean; origin: string | null; reason: string | null };
  providers: { name: string; type: string }[];
};

/** Read anew every five seconds while the page is looked at. */
export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => (await data(api.GET('/api/v1/system', { signal }))) as unknown as SystemState,
    refetchInterval: 5_000,
  });
}

export function useBackup() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (path: string) => data(api.POST('/api/v1/system/backup', { body: { path } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['system'] }),
  });
}
