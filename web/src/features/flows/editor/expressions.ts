// The server's help for expressions: what can be called, and what one gives.
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import type { CelFunction } from '@/components/data/completion';
import type { PreviewAnswer, PreviewExpression } from '@/components/data/preview';

export const functionsQuery = () =>
  queryOptions({
    queryKey: ['expressions', 'functions'],
    queryFn: async ({ signal }) =>
      (await data(api.GET('/api/v1/expressions/functions', { signal }))).items as CelFunction[],
    staleTime: Number.POSITIVE_INFINITY,
  });

export const preview: PreviewExpression = async (request, scope, signal) => {
  const { attempt: _attempt, ...known } = scope;
  const answer = await data(
    api.POST('/api/v1/expressions/preview', { body: { ...request, scope: known } as never, signal }),
  );
  return answer as PreviewAnswer;
};

export function useFunctions(): readonly CelFunction[] | undefined {
  return useQuery(functionsQuery()).data;
}

/** Names of the workspace's secrets, for the fields that take them. */
export function useSecretNames(): readonly string[] | undefined {
  const secrets = useQuery({
    queryKey: ['secrets', 'names'],
    queryFn: async ({ signal }) => {
      const list = await data(api.GET('/api/v1/secrets', { signal }));
      return (list.items ?? []).map((one) => one.name);
    },
    staleTime: 60_000,
    retry: false,
  });
  return secrets.data;
}
