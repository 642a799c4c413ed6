// All that the run's page is drawn from, put together: the run, its steps as a tree, attempts, the version that ran.

import { useMemo, useRef } from 'react';
import { type FlowDocument, nodesOf } from '@/components/data/flow';
import { useNow } from '@/components/Values';
import { type Attempt, attemptsOf, type Entry } from './journal';
import { runHasEnded, useFollow, useJournal, useRun, useSteps, useVersion } from './queries';
import { rangeOf } from './timeline';
import { buildTree, type Step, type Tree, updateTree } from './tree';

const nothing = new Map<string, string>();

/** `wantsJournal`: something on the page shows entries or attempts. */
export function useModel(id: string, wantsJournal: boolean) {
  const run = useRun(id);
  const steps = useSteps(id);
  const goesOn = run.data !== undefined && !runHasEnded(run.data.status);
  const version = useVersion(run.data?.flow.id ?? '', run.data?.flow.version);
  const document = version.data;
  const { names, types } = useMemo(() => namesOf(document), [document]);
  useFollow(run.data, types);
  const retried = useMemo(() => steps.data?.items.some((step) => (step.attempts ?? 0) > 1) ?? false, [steps.data]);
  const journal = useJournal(id, wantsJournal || goesOn || retried);
  const attempts = useAttempts(journal.data);
  const items = steps.data?.items;
  const tree = useTree(items);
  const clock = useNow(goesOn ? 'fast' : 'slow');
  // What has ended does not depend on the time; entries of the last second are newer than the clock.
  const now = goesOn ? Math.max(clock, Date.parse(journal.data?.at(-1)?.at ?? '') || 0) : 0;
  const range = useMemo(
    () => (run.data ? rangeOf(run.data, items ?? [], now) : { from: 0, to: 1 }),
    [run.data, items, now],
  );
  return { run, steps, version, document, names, journal, attempts, tree, goesOn, now, range };
}
export type Model = ReturnType<typeof useModel>;

const noSteps: Step[] = [];

/** A run that goes on adds to what was there: only that is looked at. */
function useTree(items: Step[] = noSteps): Tree {
  const last = useRef<{ items: Step[]; tree: Tree } | undefined>(undefined);
  return useMemo(() => {
    const before = last.current;
    const tree = before ? updateTree(before.tree, before.items, items) : buildTree(items);
    last.current = { items, tree };
    return tree;
  }, [items]);
}

function useAttempts(entries: Entry[] | undefined): ReadonlyMap<string, Attempt[]> | undefined {
  const last = useRef<{ entries: Entry[]; attempts: Map<string, Attempt[]> } | undefined>(undefined);
  return useMemo(() => {
    if (!entries) return undefined;
    const before = last.current;
    const goesOn = before && before.entries.length > 0 && entries[before.entries.length - 1] === before.entries.at(-1);
    const attempts = goesOn ? attemptsOf(entries, before.attempts, before.entries.length) : attemptsOf(entries);
    last.current = { entries, attempts };
    return attempts;
  }, [entries]);
}

function namesOf(document: FlowDocument | undefined) {
  if (!document) return { names: nothing, types: nothing };
  const names = new Map<string, string>();
  const types = new Map<string, string>();
  for (const [id, { node }] of nodesOf(document)) {
    types.set(id, String(node.type));
    if (typeof node.name === 'string' && node.name !== '') names.set(id, node.name);
  }
  return { names, types };
}
