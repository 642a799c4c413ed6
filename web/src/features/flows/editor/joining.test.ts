import { describe, expect, it } from 'vitest';
import type { FlowDocument, FlowEdge } from '@/components/data/flow';
import { addKind, type Kind } from './actions';
import { type From, joining, waysOn } from './joining';
import { createEditor, type Selection, type Types } from './store';

const types: Types = new Map(
  [{ name: 'set' }, { name: 'input' }, { name: 'fail' }, { name: 'switch', has_ports: true }].map((one) => [
    one.name,
    one,
  ]),
);
const kind = (name: string) => types.get(name) as Kind;
const node = (id: string, type = 'set') => ({ id, type, position: { x: 0, y: 0 } });
const choice = { ...node('choice', 'switch'), config: { cases: [{ port: 'big', when: 'true' }], default: 'small' } };
const chain: FlowDocument = {
  nodes: [node('input', 'input'), node('a'), node('b')],
  edges: [
    { from: 'input', to: 'a' },
    { from: 'a', to: 'b' },
  ],
};

/** The edges behind adding a node of a kind to a document in which something is selected. */
function added(document: FlowDocument, selection: Partial<Selection>, type = 'set'): FlowEdge[] {
  const editor = createEditor(document);
  editor.select(selection);
  addKind(editor, kind(type), undefined, types, joining(editor, types));
  editor.undo();
  expect(editor.get().document).toEqual(document);
  editor.redo();
  return editor.get().document.edges ?? [];
}
const named = (from: From) => [from.port, from.on].filter(Boolean).join('') || 'success';

describe('what a new node is joined to', () => {
  it('follows the only node of a flow that has just been made', () => {
    expect(added({ nodes: [node('input', 'input')] }, {})).toEqual([{ from: 'input', to: 'set' }]);
    expect(added({ nodes: [] }, {})).toEqual([]);
  });

  it('goes to the end of a flow where nothing is selected, and stands alone where there are several ends', () => {
    expect(added(chain, {})).toContainEqual({ from: 'b', to: 'set' });
    const split = { nodes: [...chain.nodes, node('c')], edges: [...chain.edges!, { from: 'a', to: 'c' }] };
    expect(added(split, {})).toEqual(split.edges);
  });

  it('is not put behind what ends a run or undoes another node', () => {
    const failing = { nodes: [node('a'), node('stop', 'fail')], edges: [{ from: 'a', to: 'stop' }] };
    expect(added(failing, {})).toEqual(failing.edges);
    const undone: FlowDocument = {
      nodes: [node('a'), node('undo')],
      edges: [{ from: 'a', to: 'undo', on: 'rollback' }],
    };
    expect(added(undone, {})).toContainEqual({ from: 'a', to: 'set' });
  });

  it('follows all nodes that are selected, a switch by its first port', () => {
    expect(added(chain, { nodes: ['a', 'b'] }).slice(2)).toEqual([
      { from: 'a', to: 'set' },
      { from: 'b', to: 'set' },
    ]);
    expect(added({ nodes: [choice, node('c')] }, { nodes: ['choice'] })).toEqual([
      { from: 'choice', to: 'set', from_port: 'big' },
    ]);
  });

  it('is put into the edge that is selected, whose condition stays where it was', () => {
    const document: FlowDocument = { nodes: chain.nodes, edges: [{ from: 'a', to: 'b', condition: 'input.x > 1' }] };
    expect(added(document, { edges: ['a→b'] })).toEqual([
      { from: 'a', to: 'set', condition: 'input.x > 1' },
      { from: 'set', to: 'b' },
    ]);
    const undone: FlowDocument = { nodes: chain.nodes, edges: [{ from: 'a', to: 'b', on: 'rollback' }] };
    expect(added(undone, { edges: ['a→b on rollback'] })).toEqual(undone.edges);
  });

  it('has nothing before it when it is the beginning itself', () => {
    expect(added(chain, { nodes: ['b'] }, 'input')).toEqual(chain.edges);
  });
});

describe('where an edge can lead', () => {
  it('offers from each port and on error what closes no cycle and is not there yet', () => {
    const editor = createEditor({ nodes: [node('a'), choice, node('c')], edges: [{ from: 'a', to: 'choice' }] });
    const ways = (id: string) => waysOn(editor, id, types).map(({ from, to }) => `${named(from)} ${to.id}`);
    expect(ways('a')).toEqual(['success c', 'error choice', 'error c']);
    expect(ways('choice')).toEqual(['big c', 'small c', 'error c']);
    expect(ways('nobody')).toEqual([]);
  });
});
