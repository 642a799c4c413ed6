// Whether the command palette and the help of keys are open: they are loaded when they are first asked for.

import { useSyncExternalStore } from 'react';

export type Overlay = 'palette' | 'help' | undefined;
let current: Overlay;
const watchers = new Set<() => void>();

export function showOverlay(overlay: Overlay): void {
  current = overlay;
  for (const watcher of watchers) watcher();
}
export const openPalette = () => showOverlay('palette');

export function useOverlay(): Overlay {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => current,
  );
}
