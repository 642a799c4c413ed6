// Whether a request waits for the password once more; the form is in ProveAgain.tsx.

import { useSyncExternalStore } from 'react';

let waiting: ((proved: boolean) => void)[] = [];
const watchers = new Set<() => void>();
const notify = () => {
  for (const watcher of watchers) watcher();
};

/** Asks the person; several requests at once ask once. */
export function proveAgain(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting = [...waiting, resolve];
    notify();
  });
}

export function answerProof(proved: boolean): void {
  const told = waiting;
  waiting = [];
  notify();
  for (const resolve of told) resolve(proved);
}

export function useProofAsked(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => waiting.length > 0,
  );
}
