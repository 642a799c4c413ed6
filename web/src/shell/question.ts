// A question to the person that requests wait for; its form stands elsewhere, and shows itself while it is asked.

import { useSyncExternalStore } from 'react';

export function makeQuestion() {
  let waiting: ((answer: boolean) => void)[] = [];
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const watcher of watchers) watcher();
  };
  const watch = (watcher: () => void) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  };
  const asked = () => waiting.length > 0;
  return {
    /** Several requests at once ask once. */
    ask: () =>
      new Promise<boolean>((resolve) => {
        waiting = [...waiting, resolve];
        notify();
      }),
    answer: (value: boolean) => {
      const told = waiting;
      waiting = [];
      notify();
      for (const resolve of told) resolve(value);
    },
    useAsked: () => useSyncExternalStore(watch, asked),
  };
}
