// The editor's keys. Those that act on the canvas alone (arrows, Tab, Delete) are read at the canvas itself, because elsewhere they
// belong to lists and fields; the help lists them all the same.
import { useEffect } from 'react';
import { edgeKeys } from '@/components/data/graph';
import { type Shortcut, useKeys } from '@/lib/keys';
import { clipOf, copied, nudge, paste, removeSelected } from './actions';
import type { CanvasHandle } from './Canvas';
import type { EditorStore, Types } from './store';
import { walk } from './walk';

// Never pressed, only listed: it is printed as the key's name.
const listed = (keys: string, does: string): Shortcut => ({ keys: `${keys}\u200b`, does, act: () => {} });

export interface EditorActs {
  editor: EditorStore;
  types: Types;
  readOnly: boolean;
  canvas: React.RefObject<CanvasHandle | null>;
  add(): void;
  find(): void;
  connect(node: string): void;
  save(): void;
  publish(): void;
  run(): void;
  runLive(): void;
  layout(): void;
  inspect(): void;
}

const isAsking = () => document.querySelector('[role=dialog][aria-modal=true]') !== null;

/** A dialog does not come over another one. */
function ask(act: () => void): void {
  if (!isAsking()) act();
}

function connectSelected({ editor, connect }: EditorActs): void {
  const { nodes } = editor.get().selection;
  if (nodes.length === 1) connect(nodes[0]!);
}

/** Keys that act wherever the focus is, except in fields. */
export function useEditorKeys(acts: EditorActs, isCanvas: boolean): void {
  const { editor, canvas } = acts;
  const writes: Shortcut[] = acts.readOnly
    ? []
    : [
        { keys: '$mod+z', does: 'Undo', act: () => editor.undo() },
        { keys: '$mod+Shift+z', does: 'Redo', act: () => editor.redo() },
        { keys: '$mod+s', does: 'Save draft now', act: acts.save, evenTyping: true },
        { keys: '$mod+Shift+p', does: 'Publish draft', act: () => ask(acts.publish), evenTyping: true },
      ];
  const draws: Shortcut[] = isCanvas
    ? [
        { keys: 'f', does: 'Fit the graph', act: () => canvas.current?.fit() },
        { keys: '0', does: 'Show at 100 %', act: () => canvas.current?.zoomTo(1) },
        { keys: '/', does: 'Find a node', act: acts.find },
        listed('Alt+arrows', 'Walk along the edges'),
        listed('Enter', 'Edit the selected node; Escape goes back to the canvas'),
        listed('$mod+a', 'Select all'),
        listed('$mod+c', 'Copy'),
        listed('Space', 'Drag the view while held'),
      ]
    : [];
  const edits: Shortcut[] =
    isCanvas && !acts.readOnly
      ? [
          { keys: 'a', does: 'Add a node', act: acts.add },
          { keys: 'e', does: 'Lead an edge from the selected node', act: () => connectSelected(acts) },
          { keys: 'Shift+l', does: 'Lay the graph out', act: acts.layout },
          listed('Tab', 'Add a node after the selected one'),
          listed('Delete', 'Remove what is selected'),
          listed('arrows', 'Move what is selected by 8 px, with Shift by 1'),
          listed('$mod+x', 'Cut'),
          listed('$mod+v', 'Paste'),
          listed('$mod+d', 'Duplicate what is selected'),
        ]
      : [];
  useKeys('Editor', [
    ...writes,
    { keys: '$mod+Enter', does: 'Test run', act: () => ask(acts.run), evenTyping: true },
    { keys: '$mod+Shift+Enter', does: 'Run the live version', act: () => ask(acts.runLive), evenTyping: true },
    ...draws,
    ...edits,
  ]);
}

const ARROWS: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** What a key does that was pressed on the canvas; false: nothing. */
export function pressOnCanvas(event: KeyboardEvent, acts: EditorActs): boolean {
  const { editor, types } = acts;
  const { selection } = editor.get();
  const count = selection.nodes.length + selection.notes.length;
  const mod = event.ctrlKey || event.metaKey;
  const arrow = ARROWS[event.key];
  if (arrow && event.altKey && !mod) {
    const to = walk(editor, event.key);
    if (to === undefined) return false;
    editor.select({ nodes: [to] });
    acts.canvas.current?.show(to);
    return true;
  }
  if (arrow && !mod && !event.altKey) {
    if (acts.readOnly || count === 0) return false;
    const step = event.shiftKey ? 1 : 8;
    nudge(editor, { x: arrow.x * step, y: arrow.y * step });
    return true;
  }
  if (mod && !event.altKey && !event.shiftKey) {
    if (event.key === 'a') {
      editor.select({ nodes: editor.graph().nodes.map((node) => node.id) });
      return true;
    }
    if (event.key === 'd') {
      const text = acts.readOnly ? undefined : copied(editor);
      const clip = text === undefined ? undefined : clipOf(text);
      if (clip) paste(editor, clip, types);
      return clip !== undefined;
    }
    return false;
  }
  if (mod || event.altKey) return false;
  switch (event.key) {
    case 'Tab':
      if (event.shiftKey || acts.readOnly) return false;
      // With nothing selected Tab leaves the canvas, as it leaves everything.
      if (selection.nodes.length !== 1 && editor.graph().nodes.length > 0) return false;
      acts.add();
      return true;
    case 'Delete':
    case 'Backspace':
      if (acts.readOnly || count + selection.edges.length === 0) return false;
      removeSelected(editor);
      return true;
    case 'Enter':
      if (count + selection.edges.length !== 1) return false;
      acts.inspect();
      return true;
    case 'Escape':
      if (count + selection.edges.length > 0) editor.select({});
      else if (editor.get().container.length > 0) {
        const { container } = editor.get();
        editor.open(container.slice(0, -1));
      } else return false;
      return true;
    default:
      return false;
  }
}

/** Copy, cut and paste by the browser's own events, which need no permission: also to and from other flows and programs. */
export function useClipboard(acts: EditorActs, isCanvas: boolean, tell: (message: string) => void): void {
  const { editor, types, readOnly, canvas } = acts;
  useEffect(() => {
    if (!isCanvas) return;
    const isHere = () => {
      const at = document.activeElement;
      if (isAsking()) return false;
      return !at || at === document.body || at.id === 'main' || at.closest('[data-canvas]') !== null;
    };
    const onCopy = (event: ClipboardEvent) => {
      const text = isHere() && String(getSelection()) === '' ? copied(editor) : undefined;
      if (text === undefined) return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
      if (event.type === 'cut' && !readOnly) removeSelected(editor);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (readOnly || !isHere()) return;
      const text = event.clipboardData?.getData('text/plain') ?? '';
      const clip = clipOf(text);
      if (!clip) {
        if (text.trim() !== '') tell('The clipboard has no nodes: copy some on a canvas, or a flow’s JSON.');
        return;
      }
      event.preventDefault();
      const known = new Set(
        edgeKeys(editor.graph().edges ?? []).length > 0 ? editor.graph().nodes.map((one) => one.id) : [],
      );
      const isHereToo = clip.nodes.some((node) => known.has(node.id));
      paste(editor, clip, types, isHereToo ? undefined : canvas.current?.centre());
    };
    document.addEventListener('copy', onCopy);
    document.addEventListener('cut', onCopy);
    document.addEventListener('paste', onPaste);
    return () => {
      document.removeEventListener('copy', onCopy);
      document.removeEventListener('cut', onCopy);
      document.removeEventListener('paste', onPaste);
    };
  }, [editor, types, readOnly, canvas, isCanvas, tell]);
}
