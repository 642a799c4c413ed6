// What the editor keeps beside the graph, in the document's `ui`: frames around nodes (groups) and comments. Runs do not see it.
// Members that other editors put there stay as they are.
import type { FlowDocument } from '@/components/data/flow';
import { isObject, type Json } from '@/components/data/json';

export interface Note {
  id: string;
  kind: 'group' | 'comment';
  /** A group's title, a comment's text. */
  text: string;
  /** The container in whose graph it stands; empty: the flow itself. */
  in: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const LISTS = { group: 'groups', comment: 'comments' } as const;
const number = (value: unknown, fallback: number) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fallback;

/** Groups first: they are drawn below the comments. */
export function notesOf(document: FlowDocument): Note[] {
  const ui: unknown = document.ui;
  if (!isObject(ui)) return [];
  const notes: Note[] = [];
  for (const kind of ['group', 'comment'] as const) {
    const list = ui[LISTS[kind]];
    if (!Array.isArray(list)) continue;
    for (const one of list) {
      if (!isObject(one) || typeof one.id !== 'string' || notes.some((note) => note.id === one.id)) continue;
      notes.push({
        id: one.id,
        kind,
        text: typeof one.text === 'string' ? one.text : '',
        in: typeof one.in === 'string' ? one.in : '',
        x: number(one.x, 0),
        y: number(one.y, 0),
        width: Math.max(80, number(one.width, 240)),
        height: Math.max(40, number(one.height, 120)),
      });
    }
  }
  return notes;
}

/** The document with these notes in place of the ones that it has. Without any `ui` is left out. */
export function withNotes(document: FlowDocument, notes: readonly Note[]): FlowDocument {
  const before = isObject(document.ui) ? document.ui : {};
  const { groups: _groups, comments: _comments, ...others } = before;
  const ui: { [name: string]: Json } = { ...others };
  for (const kind of ['group', 'comment'] as const) {
    const list = notes.filter((note) => note.kind === kind).map(written);
    if (list.length > 0) ui[LISTS[kind]] = list;
  }
  const { ui: _ui, ...rest } = document;
  return Object.keys(ui).length > 0 ? { ...rest, ui } : rest;
}

function written({ id, text, in: container, x, y, width, height }: Note): Json {
  const place = {
    x: Math.round(x),
    y: Math.round(y),
    width: Math.round(width),
    height: Math.round(height),
  };
  return { id, text, ...(container ? { in: container } : {}), ...place };
}

export function freeNoteId(document: FlowDocument, kind: Note['kind']): string {
  const taken = new Set(notesOf(document).map((note) => note.id));
  for (let number = 1; ; number++) if (!taken.has(`${kind}_${number}`)) return `${kind}_${number}`;
}

export function changeNote(document: FlowDocument, id: string, change: Partial<Note>): FlowDocument {
  return withNotes(
    document,
    notesOf(document).map((note) => (note.id === id ? { ...note, ...change, id, kind: note.kind } : note)),
  );
}

/** Whether the middle of a box is in the note's frame. */
export function holds(note: Note, box: { x: number; y: number; width: number; height: number }): boolean {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return x >= note.x && x <= note.x + note.width && y >= note.y && y <= note.y + note.height;
}
