// Who made or did something, and whom a limit is for, in words. Pure.

import { formatWord } from '@/lib/format';

/** What ids stand for; `undefined`: not known (yet, or to this person). */
export interface Names {
  /** The person who looks at it. */
  self?: string;
  people?: ReadonlyMap<string, string>;
  keys?: ReadonlyMap<string, string>;
}

/** What the id is of, where it needs a name that is asked for. */
export function kindOfWho(id: string): 'person' | 'key' | undefined {
  if (/^usr_[0-9a-z]{26}$/.test(id)) return 'person';
  return /^key_[0-9a-z]{26}$/.test(id) ? 'key' : undefined;
}

/** "Ada", "the key ci", "someone with a one-time link"; what is no id is a name already. */
export function sayWho(id: string, names: Names): string {
  const kind = kindOfWho(id);
  if (kind === 'person') {
    const name = names.people?.get(id);
    if (id === names.self) return name ? `${name} (you)` : 'you';
    return name ?? (names.people ? 'a former member' : 'a member');
  }
  if (kind === 'key') {
    const name = names.keys?.get(id);
    return name ? `the key ${name}` : 'an API key';
  }
  if (/^ses_[0-9a-z]{26}$/.test(id)) return 'someone with a one-time link';
  if (/^run_[0-9a-z]{26}$/.test(id)) return 'a run';
  return id === 'local' ? 'the command line of the server' : id;
}

/** What a budget or limit is for: "workspace", "flow triage", "user Ada", "the key ci". */
export function sayScope(scope: { type?: string; id?: string } | undefined, say: (id: string) => string): string {
  const word = formatWord(scope?.type ?? '');
  if (!scope?.id) return word;
  return kindOfWho(scope.id) === 'key' ? say(scope.id) : `${word} ${say(scope.id)}`;
}
