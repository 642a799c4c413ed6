import { describe, expect, it } from 'vitest';
import type { FlowDocument } from '@/components/data/flow';
import {
  addKind,
  addNote,
  clipOf,
  connect,
  copied,
  type Kind,
  layOut,
  move,
  nudge,
  paste,
  removeSelected,
  rename,
  setEdge,
  setNode,
} from './actions';
import { createEditor, type EditorStore, type Types } from './store';
import { notesOf } from './ui';

const kinds: Kind[] = [
  { name: 'set', config_schema: { required: ['values'] }, example: { config: { values: { a: 1 } } } },
  {
    name: 'switch',
    has_ports: true,
    config_schema: { required: ['cases'] },
    example: { config: { cases: [{ port: 'big', when: 'input.total > 100' }], default: 'small' } },
  },
  {
    name: 'map',
    config_schema: { required: ['items', 'body'] },
    example: {
      config: {
        items: '{{ input.names }}',
        body: { nodes: [{ id: 'greet', type: 'set' }], output: '{{ nodes.greet.output }}' },
      },
    },
  },
];
const types: Types = new Map(kinds.map((kind) => [kind.name, kind]));
const kind = (name: string) => kinds.find((one) => one.name === name) as Kind;

const begin = (): FlowDocument => ({
  name: 'f',
  nodes: [
    { id: 'a', type: 'set', config: { values: { x: 1 } }, position: { x: 0, y: 0 } },
    { id: 'b', type: 'set', config: { values: { y: '{{ nodes.a.output.x }}' } }, position: { x: 300, y: 0 } },
  ],
  edges: [{ from: 'a', to: 'b' }],
});
const json = (editor: EditorStore) => JSON.stringify(editor.get().document);
const undos = (editor: EditorStore) => editor.store.temporal.getState().pastStates.length;

describe('edits and their history', () => {
  it('makes one entry of each edit and gives the document before back', () => {
    const editor = createEditor(begin());
    const before = json(editor);
    addKind(editor, kind('set'), undefined, types, { from: [{ node: 'b' }] });
    expect(editor.get().document.nodes.map((node) => node.id)).toEqual(['a', 'b', 'set']);
    expect(editor.get().document.edges).toContainEqual({ from: 'b', to: 'set' });
    expect(editor.get().selection.nodes).toEqual(['set']);
    expect(undos(editor)).toBe(1);
    editor.undo();
    expect(json(editor)).toBe(before);
    expect(editor.get().selection.nodes).toEqual([]);
  });

  it('joins what is typed into one field, and begins anew behind the end of the gesture', () => {
    const editor = createEditor(begin());
    for (const name of ['L', 'Lo', 'Load']) setNode(editor, 'a', { name }, 'name');
    expect(undos(editor)).toBe(1);
    setNode(editor, 'b', { name: 'B' }, 'name');
    expect(undos(editor)).toBe(2);
    editor.endGesture();
    setNode(editor, 'b', { name: 'Be' }, 'name');
    expect(undos(editor)).toBe(3);
    editor.undo();
    editor.undo();
    expect(editor.get().document.nodes[0]).toMatchObject({ name: 'Load' });
    editor.undo();
    expect(editor.get().document.nodes[0]).not.toHaveProperty('name');
  });

  it('joins a row of nudges, and a selection ends it', () => {
    const editor = createEditor(begin());
    editor.select({ nodes: ['a'] });
    nudge(editor, { x: 8, y: 0 });
    nudge(editor, { x: 8, y: 0 });
    expect(undos(editor)).toBe(1);
    expect(editor.get().document.nodes[0]!.position).toEqual({ x: 16, y: 0 });
    editor.select({ nodes: ['b'] });
    nudge(editor, { x: 0, y: 1 });
    expect(undos(editor)).toBe(2);
  });

  it('keeps selection, places and the open body out of the history', () => {
    const editor = createEditor(begin());
    editor.select({ nodes: ['a'] });
    editor.setPlaces(new Map([['a', { x: 5, y: 5 }]]));
    editor.open([]);
    expect(undos(editor)).toBe(0);
  });

  it('leaves no entry for an edit that changes nothing', () => {
    const editor = createEditor(begin());
    move(editor, new Map([['a', { x: 0, y: 0 }]]), new Map());
    layOut(editor, new Map([['b', { x: 300, y: 0 }]]));
    expect(undos(editor)).toBe(0);
  });

  it('goes out of a body that an undo takes away', () => {
    const editor = createEditor(begin());
    const id = addKind(editor, kind('map'), { x: 0, y: 200 }, types);
    editor.open([id]);
    expect(editor.graph().nodes.map((node) => node.id)).toEqual(['greet']);
    editor.undo();
    expect(editor.get().container).toEqual([]);
  });

  it('begins the history anew with another document', () => {
    const editor = createEditor(begin());
    setNode(editor, 'a', { name: 'x' }, 'name');
    editor.load({ name: 'other', nodes: [] });
    expect(editor.canUndo()).toBe(false);
    expect(editor.get().document.name).toBe('other');
  });
});

describe('actions', () => {
  it('gives a fresh container ids that are free in the whole flow', () => {
    const editor = createEditor({ nodes: [{ id: 'greet', type: 'set' }] });
    const id = addKind(editor, kind('map'), undefined, types);
    const node = editor.get().document.nodes.find((one) => one.id === id)!;
    expect(node.config!.body).toMatchObject({
      nodes: [{ id: 'greet_2' }],
      output: '{{ nodes.greet_2.output }}',
    });
  });

  it('takes the default port into a fresh switch, and connects by ports', () => {
    const editor = createEditor(begin());
    const id = addKind(editor, kind('switch'), undefined, types, { from: [{ node: 'b' }] });
    expect(editor.get().document.nodes.at(-1)!.config).toEqual({
      cases: [{ port: 'big', when: 'input.total > 100' }],
      default: 'small',
    });
    const next = addKind(editor, kind('set'), undefined, types, { from: [{ node: id, port: 'big' }] });
    expect(editor.get().document.edges!.at(-1)).toEqual({ from: id, to: next, from_port: 'big' });
  });

  it('refuses an edge that would close a cycle, and says why', () => {
    const editor = createEditor(begin());
    expect(connect(editor, { node: 'b' }, 'a', types)).toMatch(/cycle/);
    expect(undos(editor)).toBe(0);
  });

  it('writes the places that a layout found into the document with the first change on the canvas', () => {
    const editor = createEditor({
      nodes: [
        { id: 'a', type: 'set' },
        { id: 'b', type: 'set' },
      ],
    });
    editor.setPlaces(
      new Map([
        ['a', { x: 10, y: 20 }],
        ['b', { x: 300, y: 20 }],
      ]),
    );
    expect(editor.get().document.nodes[0]).not.toHaveProperty('position');
    move(editor, new Map([['b', { x: 400, y: 0 }]]), new Map());
    expect(editor.get().document.nodes.map((node) => node.position)).toEqual([
      { x: 10, y: 20 },
      { x: 400, y: 0 },
    ]);
    expect(undos(editor)).toBe(1);
  });

  it('copies nodes with their edges into another flow under fresh ids', () => {
    const from = createEditor(begin());
    from.select({ nodes: ['a', 'b'] });
    const to = createEditor({ nodes: [{ id: 'a', type: 'set', position: { x: 0, y: 0 } }] });
    const ids = paste(to, clipOf(copied(from)!)!, types);
    expect(ids).toEqual(['a_2', 'b']);
    expect(to.get().document.edges).toEqual([{ from: 'a_2', to: 'b' }]);
    expect(to.get().document.nodes[2]!.config).toEqual({ values: { y: '{{ nodes.a_2.output.x }}' } });
    expect(to.get().selection.nodes).toEqual(ids);
  });

  it('takes no text for nodes that is none', () => {
    expect(clipOf('hello')).toBeUndefined();
    expect(clipOf('{"nodes": []}')).toBeUndefined();
    expect(clipOf('{"nodes": [{"id": "a", "type": "set"}]}')).toEqual({ nodes: [{ id: 'a', type: 'set' }], edges: [] });
  });

  it('keeps an edge selected whose key changes', () => {
    const editor = createEditor(begin());
    editor.select({ edges: ['a→b'] });
    expect(setEdge(editor, 'a→b', { on: 'error' }, 'on', types)).toBeUndefined();
    expect(editor.get().selection.edges).toEqual(['a→b on error']);
    expect(editor.get().document.edges).toEqual([{ from: 'a', to: 'b', on: 'error' }]);
  });

  it('lets expressions follow a new id', () => {
    const editor = createEditor(begin());
    rename(editor, 'a', 'load', types);
    expect(editor.get().document.nodes[1]!.config).toEqual({ values: { y: '{{ nodes.load.output.x }}' } });
    expect(editor.get().document.edges).toEqual([{ from: 'load', to: 'b' }]);
  });
});

// The same numbers each time.
function random(seed: number) {
  let state = seed;
  return (most: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

describe('thirty edits of every kind', () => {
  for (const seed of [1, 7, 42, 1234, 99991]) {
    it(`end where they began after thirty undos, and where they ended after thirty redos (${seed})`, () => {
      const pick = random(seed);
      const editor = createEditor(begin());
      const start = json(editor);
      const any = () => editor.graph().nodes[pick(editor.graph().nodes.length)]?.id;
      const steps = [
        () => void addKind(editor, kinds[pick(kinds.length)] as Kind, { x: pick(900), y: pick(500) }, types),
        () => move(editor, new Map([[any() ?? '', { x: pick(900), y: pick(900) }]]), new Map()),
        () => void connect(editor, { node: any() ?? '' }, any() ?? '', types),
        () => {
          editor.select({ nodes: [any() ?? ''] });
          removeSelected(editor);
        },
        () => setNode(editor, any() ?? '', { config: { values: { n: pick(1000) } } }, 'config'),
        () => {
          editor.select({
            nodes: editor
              .graph()
              .nodes.slice(0, 2)
              .map((node) => node.id),
          });
          const clip = clipOf(copied(editor) ?? '');
          if (clip) paste(editor, clip, types);
        },
        () => layOut(editor, new Map(editor.graph().nodes.map((node) => [node.id, { x: pick(900), y: pick(900) }]))),
        () => addNote(editor, pick(2) === 0 ? 'group' : 'comment', { x: pick(500), y: pick(500) }, types),
      ];
      while (undos(editor) < 30) {
        steps[pick(steps.length)]!();
        editor.endGesture();
        // What is looked at changes in between, and makes no entry.
        const entries = undos(editor);
        editor.select({ nodes: [any() ?? ''].filter(Boolean) });
        editor.setPlaces(new Map([['status', { x: pick(9), y: 0 }]]));
        expect(undos(editor)).toBe(entries);
      }
      const end = json(editor);
      expect(end).not.toBe(start);
      for (let count = 0; count < 30; count++) editor.undo();
      expect(json(editor)).toBe(start);
      expect(editor.canUndo()).toBe(false);
      for (let count = 0; count < 30; count++) editor.redo();
      expect(json(editor)).toBe(end);
    });
  }
});

describe('groups and comments', () => {
  it('frames what is selected, and goes with its removal', () => {
    const editor = createEditor(begin());
    editor.select({ nodes: ['a', 'b'] });
    addNote(editor, 'group', { x: 0, y: 0 }, types);
    const [group] = notesOf(editor.get().document);
    expect(group).toMatchObject({ kind: 'group', x: -24, y: -40, width: 548, in: '' });
    expect(editor.get().selection.notes).toEqual([group!.id]);
    removeSelected(editor);
    expect(editor.get().document).not.toHaveProperty('ui');
    expect(editor.get().document.nodes).toHaveLength(2);
  });

  it('leaves what other editors keep in ui as it is', () => {
    const editor = createEditor({ ...begin(), ui: { folded: ['a'], comments: [{ id: 'c', text: 'x', x: 1, y: 2 }] } });
    move(editor, new Map(), new Map([['c', { x: 9, y: 9 }]]));
    expect(editor.get().document.ui).toMatchObject({ folded: ['a'], comments: [{ id: 'c', text: 'x', x: 9, y: 9 }] });
  });
});
