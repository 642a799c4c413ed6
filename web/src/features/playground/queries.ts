// Which models there are to compare.

import { useQuery } from '@tanstack/react-query';
import { api, data, send } from '@/api/client';

/** What the gateway answers for now: ids of models, `flow/NAME`. */
async function ready(signal: AbortSignal): Promise<string[]> {
  const answer = await send(new Request(new URL('/v1/models', location.origin), { signal }));
  const list = (await answer.json()) as { data?: { id: string }[] };
  return (list.data ?? []).map((one) => one.id);
}

/**
 * Names to choose from: routes, models and flows that answer now, then models of the catalogue whose provider may not be set up.
 * A person may type others.
 */
export function useModelNames() {
  return useQuery({
    queryKey: ['models', 'names'],
    queryFn: async ({ signal }) => {
      const none = { items: [] as { id: string; name: string }[] };
      const [now, models, routes, flows] = await Promise.all([
        ready(signal).catch(() => [] as string[]),
        data(api.GET('/api/v1/models', { params: { query: { limit: 200 } }, signal })),
        data(api.GET('/api/v1/model-routes', { signal })).catch(() => none),
        data(api.GET('/api/v1/flows', { params: { query: { limit: 200 } }, signal })).catch(() => none),
      ]);
      const first = [
        ...(routes.items ?? []).map((route) => route.name),
        ...now,
        ...(flows.items ?? []).map((flow) => `flow/${flow.name}`),
      ].filter((name, index, all) => all.indexOf(name) === index);
      const rest = (models.items ?? [])
        .map((model) => model.id)
        .filter((id, index, all) => all.indexOf(id) === index && !first.includes(id));
      return [
        { group: 'Ready', items: first },
        { group: 'With a provider of theirs', items: rest },
      ].filter((group) => group.items.length > 0);
    },
    staleTime: 60_000,
  });
}
