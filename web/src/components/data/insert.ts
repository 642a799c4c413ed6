// Where a picked path goes: the editor that had the focus last. Pickers and editors know only this.
import { useSyncExternalStore } from 'react';
import { expressionOf } from './completion';

export type PickedPath = readonly (string | number)[];

export interface InsertTarget {
  /** The editor's name, for the picker's hint. */
  label: string;
  insert(path: PickedPath): void;
}

let target: InsertTarget | undefined;
let owner: Element | undefined;
const listeners = new Set<() => void>();

/**
 * Makes an editor the place where picked paths go. With `undefined` and an element the target goes only if it was that
 * editor's, so that one that is taken down does not take the target of another.
 */
export function setTarget(next: InsertTarget | undefined, element?: Element): void {
  if (next === undefined && element && owner && element !== owner) return;
  target = next;
  owner = next ? (element ?? document.activeElement ?? undefined) : undefined;
  for (const tell of listeners) tell();
}

export function useInsertTarget(): InsertTarget | undefined {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => target,
  );
}

/** The type of a dragged path, beside plain text for places outside. */
export const DRAG_TYPE = 'application/x-sluice-path';

export function writeDrag(data: DataTransfer, path: PickedPath): void {
  data.setData(DRAG_TYPE, JSON.stringify(path));
  data.setData('text/plain', `{{ ${expressionOf(path)} }}`);
  data.effectAllowed = 'copy';
}

export function readDrag(data: DataTransfer | null): PickedPath | undefined {
  const text = data?.getData(DRAG_TYPE);
  if (!text) return undefined;
  try {
    const path: unknown = JSON.parse(text);
    if (!Array.isArray(path) || path.length === 0) return undefined;
    return path.every((step) => typeof step === 'string' || typeof step === 'number')
      ? (path as PickedPath)
      : undefined;
  } catch {
    return undefined;
  }
}
