// Who made or did something: names instead of ids, as far as the person may see them; the id on hover.
//
//   <Who id={secret.created_by} />         // "Ada", "the key ci", "someone with a one-time link"
//   const say = useWho(); say(values.user) // the same as text

import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { useMay, useMe } from '@/api/session';
import { kindOfWho, sayScope, sayWho } from './say_who';

const most = 200;

/** Asked once for all who are named on a page. */
function useNames(kind: 'person' | 'key', wanted: boolean) {
  const may = useMay(kind === 'person' ? 'users:read' : 'api-keys:read');
  return useQuery({
    queryKey: ['names', kind],
    queryFn: async ({ signal }) => {
      const query = { limit: most };
      if (kind === 'key') {
        const { items } = await data(api.GET('/api/v1/api-keys', { params: { query }, signal }));
        return new Map(items.map((key) => [key.id, key.name]));
      }
      const { items } = await data(api.GET('/api/v1/users', { params: { query }, signal }));
      return new Map(items.map((user) => [user.id, user.name || user.email]));
    },
    enabled: wanted && may,
    staleTime: 60_000,
  }).data;
}

/** Says who an id stands for. `kinds`: which of them the page names; the others are not asked for. */
export function useWho(kinds: readonly ('person' | 'key' | undefined)[] = ['person', 'key']): (id: string) => string {
  const me = useMe();
  const people = useNames('person', kinds.includes('person'));
  const keys = useNames('key', kinds.includes('key'));
  return (id) => sayWho(id, { self: me.user?.id, people, keys });
}

export function Who({ id }: { id: string | null | undefined }) {
  const say = useWho([kindOfWho(id ?? '')]);
  if (!id) return null;
  return <span title={id}>{say(id)}</span>;
}

/** What a budget or limit is for. */
export function Scope({ scope }: { scope: { type?: string; id?: string } | undefined }) {
  const say = useWho([kindOfWho(scope?.id ?? '')]);
  return <span title={scope?.id}>{sayScope(scope, say)}</span>;
}
