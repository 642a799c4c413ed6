// Whether the last request reached the server: the shell shows a banner while it does not.

import { useSyncExternalStore } from 'react';

let reachable = true;
const watchers = new Set<() => void>();

export function setReachable(now: boolean): void {
  if (now === reachable) return;
  reachable = now;
  for (const watcher of watchers) watcher();
}

export function useReachable(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => reachable,
  );
}
