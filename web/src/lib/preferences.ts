// What this browser remembers of its user's taste: theme, density, whether single keys act. public/boot.js reads the same entry
// before the first paint.

import { useSyncExternalStore } from 'react';

export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  density: 'compact' | 'usual' | 'roomy';
  /** Single-key shortcuts; those with Ctrl or Cmd always act. */
  shortcuts: boolean;
  /** The rail as icons, also where there is room for words. */
  narrowRail: boolean;
}

const entry = 'sluice.preferences';
const defaults: Preferences = { theme: 'system', density: 'usual', shortcuts: true, narrowRail: false };
const watchers = new Set<() => void>();
const darkSystem = matchMedia('(prefers-color-scheme: dark)');
let current = read();

function read(): Preferences {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(entry) ?? '{}') as Partial<Preferences>) };
  } catch {
    return defaults;
  }
}

function notify(): void {
  document.documentElement.setAttribute('data-density', current.density);
  for (const watcher of watchers) watcher();
}

darkSystem.addEventListener('change', notify);
addEventListener('storage', (event) => {
  if (event.key !== entry) return;
  current = read();
  notify();
});

export function getPreferences(): Preferences {
  return current;
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(entry, JSON.stringify(current));
  } catch {
    // Storage is full or forbidden: it holds until the page is closed.
  }
  notify();
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
};

export function usePreferences(): Preferences {
  return useSyncExternalStore(watch, getPreferences);
}

const schemeNow = () => (current.theme === 'system' ? (darkSystem.matches ? 'dark' : 'light') : current.theme);

/** The scheme that is shown. */
export function useScheme(): 'light' | 'dark' {
  return useSyncExternalStore(watch, schemeNow);
}
