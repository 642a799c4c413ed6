// Which models there are to compare.

import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';

/** Ids of models, routes and flows that can be named; a person may type others. */
export function useModelNames() {
  return useQuery({
    queryKey: ['models', 'names'],
    queryFn: async ({ signal }) => {
      const none = { items: [] as { id: string; name: string }[] };
      const [models, routes, flows] = await Promise.all([
        data(api.GET('/api/v1/models', { params: { query: { limit: 200 } }, signal })),
        data(api.GET('/api/v1/model-routes', { signal })).catch(() => none),
        data(api.GET('/api/v1/flows', { params: { query: { limit: 200 } }, signal })).catch(() => none),
      ]);
      return [
        ...(routes.items ?? []).map((route) => route.name),
        ...(models.items ?? []).map((model) => model.id),
        ...(flows.items ?? []).map((flow) => `flow/${flow.name}`),
      ].filter((name, index, all) => all.indexOf(name) === index);
    },
    staleTime: 60_000,
  });
}
