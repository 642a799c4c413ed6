// A session that ends while somebody works: the request that found out waits for the sign-in, and the page keeps what was typed. The
// form is in SignInAgain.tsx.

import { useSyncExternalStore } from 'react';

let waiting: ((signedIn: boolean) => void)[] = [];
let leaving = false;
const watchers = new Set<() => void>();
const notify = () => {
  for (const watcher of watchers) watcher();
};

/** Asks the person; several requests at once ask once. `false`: signed out by intent, or gone to the page for it. */
export function signInAgain(): Promise<boolean> {
  if (leaving) return Promise.resolve(false);
  return new Promise((resolve) => {
    waiting = [...waiting, resolve];
    notify();
  });
}

export function answerSignIn(signedIn: boolean): void {
  const told = waiting;
  waiting = [];
  notify();
  for (const resolve of told) resolve(signedIn);
}

/** From here on an end of the session is no surprise. */
export function expectSignOut(): void {
  leaving = true;
  answerSignIn(false);
}

export function useSignInAsked(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => waiting.length > 0,
  );
}
