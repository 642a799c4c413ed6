// What the parts of one editor share.
import { createContext, useContext, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { FlowDocument, NodeTypeInfo } from '@/components/data/flow';
import type { NodeType } from '../queries';
import type { LiveStore } from './live';
import type { Problem } from './mistakes';
import type { Saver, SaveState } from './saver';
import type { EditorState, EditorStore } from './store';

export interface EditorParts {
  flow: string;
  editor: EditorStore;
  saver: Saver;
  types: ReadonlyMap<string, NodeType & NodeTypeInfo>;
  live: LiveStore;
  /** Why nothing can be changed; empty: it can. */
  readOnly: string;
  /** Ids of nodes with a pinned output. */
  pinned: ReadonlySet<string>;
}

export const EditorContext = createContext<EditorParts | undefined>(undefined);

export function useParts(): EditorParts {
  const parts = useContext(EditorContext);
  if (!parts) throw new Error('a part of the editor stands outside of it');
  return parts;
}

export function useEditorState<T>(select: (state: EditorState) => T): T {
  return useStore(useParts().editor.store, select);
}

/** Whether there is something to undo and to redo. */
export function useHistory(): { canUndo: boolean; canRedo: boolean } {
  const { editor } = useParts();
  const canUndo = useStore(editor.store.temporal, (state) => state.pastStates.length > 0);
  const canRedo = useStore(editor.store.temporal, (state) => state.futureStates.length > 0);
  return { canUndo, canRedo };
}

export interface SaveStates {
  watch(notify: () => void): () => void;
  get(): SaveState;
}
export const SaveContext = createContext<SaveStates | undefined>(undefined);
export function useSaveState(): SaveState {
  const states = useContext(SaveContext) as SaveStates;
  return useSyncExternalStore(states.watch, states.get);
}

export interface Judged {
  problems: readonly Problem[];
  /** The document that they are about is the one that is shown. */
  current: boolean;
  error: unknown;
  document: FlowDocument | undefined;
}
export const ProblemsContext = createContext<Judged>({
  problems: [],
  current: false,
  error: undefined,
  document: undefined,
});
export const useProblems = () => useContext(ProblemsContext);
