// The keyboard. A page names its shortcuts; `?` lists those that act at the moment.
//
//   useKeys('Run', [
//     { keys: '1', does: 'Timeline', act: () => set({ view: 'timeline' }) },
//     { keys: 'g o', does: 'Overview', act: … },          // one after the other
//     { keys: '$mod+Enter', does: 'Start', act: …, evenTyping: true },
//   ]);
//
// Keys as tinykeys writes them; "$mod" is Ctrl, on a Mac Cmd. While typing, in an open dialog or with shortcuts switched off,
// single keys do nothing.

import { useEffect, useRef, useSyncExternalStore } from 'react';
import { tinykeys } from 'tinykeys';
import { getPreferences } from './preferences';

export interface Shortcut {
  keys: string;
  does: string;
  act: (event: KeyboardEvent) => void;
  /** Acts inside of inputs and dialogs as well; for keys with Ctrl or Cmd. */
  evenTyping?: boolean;
  /** Works, but is not listed by `?`. */
  unlisted?: boolean;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

let groups: ShortcutGroup[] = [];
const watchers = new Set<() => void>();

function setGroups(next: ShortcutGroup[]): void {
  groups = next;
  for (const watcher of watchers) watcher();
}

const hasModifier = (keys: string) => /\$mod|Control|Meta|Alt/.test(keys);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches('input:not([type=checkbox],[type=radio]), textarea, select, [role=textbox]')
  );
}

// After the first key of a sequence ("g" of "g r") the next one belongs to the sequence, not to a shortcut of its own.
let leading: { event: KeyboardEvent; until: number } | undefined;
let followed: KeyboardEvent | undefined;
addEventListener(
  'keydown',
  (event) => {
    followed = leading && event.timeStamp < leading.until ? event : undefined;
    const leads = groups.some((group) => group.shortcuts.some((one) => one.keys.startsWith(`${event.key} `)));
    leading = leads && !followed && !isTyping(event.target) ? { event, until: event.timeStamp + 1000 } : undefined;
  },
  { capture: true },
);

const inDialog = () => document.querySelector('[role=dialog][aria-modal=true]') !== null;

/** Whether a key press is a shortcut's to take. */
export function isTaken(shortcut: Shortcut, event: KeyboardEvent): boolean {
  if (event.defaultPrevented) return false;
  if (shortcut.evenTyping) return true;
  if (!hasModifier(shortcut.keys) && !getPreferences().shortcuts) return false;
  if (event === followed && !shortcut.keys.includes(' ')) return false;
  return !isTyping(event.target) && !inDialog();
}

/** The shortcuts of a part of the page, while it is there. `title` heads them in the help. */
export function useKeys(title: string, shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map((shortcut) => `${shortcut.keys}\n${shortcut.does}`).join('\n\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names stand for the shortcuts; their acts are read when pressed
  useEffect(() => {
    const stable = latest.current.map((shortcut, index) => ({
      ...shortcut,
      act: (event: KeyboardEvent) => latest.current[index]?.act(event),
    }));
    const group = { title, shortcuts: stable.filter((shortcut) => !shortcut.unlisted) };
    const bindings: Record<string, (event: KeyboardEvent) => void> = {};
    for (const shortcut of stable) {
      bindings[shortcut.keys] = (event) => {
        if (!isTaken(shortcut, event)) return;
        event.preventDefault();
        shortcut.act(event);
      };
    }
    const release = tinykeys(window, bindings);
    setGroups([...groups, group]);
    return () => {
      release();
      setGroups(groups.filter((one) => one !== group));
    };
  }, [title, names]);
}

export function useShortcutGroups(): ShortcutGroup[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => groups,
  );
}

/** "Ctrl K", "g then r", "Shift x": a shortcut as the help and tooltips print it. */
export function printKeys(keys: string, mac = /Mac|iP(hone|ad)/.test(navigator.platform)): string {
  return keys
    .replace('Shift+?', '?')
    .split(' ')
    .map((press) =>
      press
        .split('+')
        .map((key) =>
          key === '$mod'
            ? mac
              ? 'Cmd'
              : 'Ctrl'
            : key === 'Escape'
              ? 'Esc'
              : key.startsWith('Arrow')
                ? key.slice(5)
                : key,
        )
        .join(' '),
    )
    .join(' then ');
}
