// Which tab of the browser this page is, and which others live: a lock is held as long as the page is there.
import { newKey } from '@/lib/ids';

export interface Tab {
  id: string;
  isAlive(tab: string): boolean;
}

const entry = 'sluice.tab';
const lockOf = (tab: string) => `sluice.tab/${tab}`;
let claimed: Promise<Tab> | undefined;

function remembered(): string {
  try {
    const known = sessionStorage.getItem(entry);
    if (known) return known;
  } catch {
    // Without storage each visit is a tab of its own.
  }
  return remember(newKey());
}

function remember(id: string): string {
  try {
    sessionStorage.setItem(entry, id);
  } catch {
    // As above.
  }
  return id;
}

/** True when it was free. The lock goes with the page. */
function hold(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(lockOf(id), { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}

async function claim(): Promise<Tab> {
  let id = remembered();
  // Over plain HTTP from another machine there are no locks: then each copy counts as left behind.
  if (!('locks' in navigator)) return { id, isAlive: () => false };
  // A tab that was duplicated has the memory of its original.
  if (!(await hold(id))) {
    id = remember(newKey());
    await hold(id);
  }
  const held = new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
  return { id, isAlive: (tab) => held.has(lockOf(tab)) };
}

export function thisTab(): Promise<Tab> {
  claimed ??= claim();
  return claimed;
}

/** Which tabs live by now. */
export async function livingTabs(): Promise<(tab: string) => boolean> {
  await thisTab();
  if (!('locks' in navigator)) return () => false;
  const held = new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
  return (tab) => held.has(lockOf(tab));
}
