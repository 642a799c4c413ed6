import { describe, expect, test } from 'vitest';
import { diffFlows } from './diff';
import { changeNode, type FlowDocument, graphAt, nodesOf, removeNodes } from './graph';
import { same } from './json';
import { merge } from './merge';
import { putTogether, takeApart } from './parts';

const base: FlowDocument = {
  name: 'orders',
  vars: { limit: 10, zone: 'UTC' },
  nodes: [
    { id: 'load', type: 'http.request', config: { url: 'https://a.example', method: 'GET' }, position: { x: 0, y: 0 } },
    {
      id: 'each',
      type: 'map',
      config: {
        items: '{{ nodes.load.output }}',
        body: { nodes: [{ id: 'ask', type: 'llm.chat', config: { prompt: 'x' } }] },
      },
    },
    { id: 'send', type: 'http.request', config: { url: 'https://b.example' } },
  ],
  edges: [
    { from: 'load', to: 'each' },
    { from: 'each', to: 'send' },
  ],
  output: '{{ nodes.send.output }}',
};

const set = (flow: FlowDocument, id: string, config: Record<string, never> | object) =>
  changeNode(flow, id, (node) => ({ ...node, config: { ...node.config, ...config } as never }));

describe('merging', () => {
  test('a document taken apart and put together again is the same', () => {
    expect(same(putTogether(takeApart(base)), base)).toBe(true);
  });

  test('changes of different fields join without a conflict', () => {
    const mine = set(base, 'load', { method: 'POST' });
    const theirs = { ...set(base, 'load', { url: 'https://c.example' }), vars: { limit: 20, zone: 'UTC' } };
    const { document, conflicts } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(document.nodes[0]?.config).toEqual({ url: 'https://c.example', method: 'POST' });
    expect(document.vars).toEqual({ limit: 20, zone: 'UTC' });
  });

  test('the same change on both sides is no conflict', () => {
    const mine = set(base, 'load', { url: 'https://c.example' });
    const { document, conflicts } = merge(base, mine, structuredClone(mine));
    expect(conflicts).toEqual([]);
    expect(same(document, mine)).toBe(true);
  });

  test('one field with two new values is a conflict that a choice decides', () => {
    const mine = set(base, 'load', { url: 'https://mine.example' });
    const theirs = set(base, 'load', { url: 'https://theirs.example' });
    const first = merge(base, mine, theirs);
    expect(first.conflicts).toMatchObject([
      {
        part: 'node',
        key: 'load',
        field: '/config/url',
        base: 'https://a.example',
        mine: 'https://mine.example',
        theirs: 'https://theirs.example',
      },
    ]);
    expect(first.document.nodes[0]?.config?.url).toBe('https://mine.example');
    const second = merge(base, mine, theirs, { [first.conflicts[0]?.id ?? '']: 'theirs' });
    expect(second.document.nodes[0]?.config?.url).toBe('https://theirs.example');
    expect(second.conflicts).toHaveLength(1);
  });

  test('a member that one side removed and the other changed is a conflict with nothing on one side', () => {
    const mine = changeNode(base, 'load', (node) => ({ ...node, config: { url: 'https://a.example' } }));
    const theirs = set(base, 'load', { method: 'PUT' });
    const { conflicts, document } = merge(base, mine, theirs);
    expect(conflicts).toMatchObject([{ field: '/config/method', base: 'GET', mine: undefined, theirs: 'PUT' }]);
    expect(document.nodes[0]?.config).toEqual({ url: 'https://a.example' });
  });

  test('nodes that either side added or removed are added and removed, with their edges', () => {
    const mine: FlowDocument = {
      ...base,
      nodes: [...base.nodes, { id: 'log', type: 'noop' }],
      edges: [...(base.edges ?? []), { from: 'send', to: 'log' }],
    };
    const theirs = removeNodes(base, [], ['each']);
    const { document, conflicts, dropped } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(dropped).toEqual([]);
    expect(document.nodes.map((node) => node.id)).toEqual(['load', 'send', 'log']);
    expect(document.edges).toEqual([{ from: 'send', to: 'log' }]);
  });

  test('a node that one side removed and the other changed stays, with its edges, until somebody decides', () => {
    const mine = removeNodes(base, [], ['send']);
    const theirs = set(base, 'send', { url: 'https://c.example' });
    const kept = merge(base, mine, theirs);
    expect(kept.conflicts).toMatchObject([{ part: 'node', key: 'send', field: '', mine: undefined }]);
    expect(kept.document.nodes.map((node) => node.id)).toEqual(['load', 'each', 'send']);
    expect(kept.document.edges).toEqual(base.edges);
    const gone = merge(base, mine, theirs, { 'node send ': 'mine' });
    expect(gone.document.nodes.map((node) => node.id)).toEqual(['load', 'each']);
    expect(gone.document.edges).toEqual([{ from: 'load', to: 'each' }]);
  });

  test('a container that one side removed while the other changed its body stays with its body', () => {
    const mine = removeNodes(base, [], ['each']);
    const theirs = set(base, 'ask', { prompt: 'y' });
    for (const [a, b] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      const { document, conflicts } = merge(base, a, b);
      expect(conflicts).toMatchObject([{ part: 'node', key: 'each', field: '' }]);
      expect(graphAt(document, ['each'])?.nodes[0]?.config).toEqual({ prompt: 'y' });
      expect(document.edges).toHaveLength(2);
    }
    const gone = merge(base, mine, theirs, { 'node each ': 'mine' });
    expect(nodesOf(gone.document).has('ask')).toBe(false);
  });

  test('a container that was removed and not changed goes with its body', () => {
    const { document, conflicts } = merge(base, base, removeNodes(base, [], ['each']));
    expect(conflicts).toEqual([]);
    expect([...nodesOf(document).keys()]).toEqual(['load', 'send']);
  });

  test('a new edge to a node that the other side removed keeps the node as a conflict', () => {
    const mine: FlowDocument = { ...base, edges: [...(base.edges ?? []), { from: 'load', to: 'send' }] };
    const theirs = removeNodes(base, [], ['send']);
    const kept = merge(base, mine, theirs);
    expect(kept.conflicts).toMatchObject([{ part: 'node', key: 'send', field: '', theirs: undefined }]);
    expect(kept.document.edges).toContainEqual({ from: 'load', to: 'send' });
    const gone = merge(base, mine, theirs, { 'node send ': 'theirs' });
    expect(gone.dropped).toEqual(['load→send']);
    expect(nodesOf(gone.document).has('send')).toBe(false);
  });

  test('edges join by field, and a changed edge that the other side removed is a conflict', () => {
    const withCondition = (condition: string): FlowDocument => ({
      ...base,
      edges: [{ from: 'load', to: 'each', condition }, ...(base.edges ?? []).slice(1)],
    });
    const both = merge(base, withCondition('true'), withCondition('false'));
    expect(both.conflicts).toMatchObject([
      { part: 'edge', key: 'load→each', field: '/condition', mine: 'true', theirs: 'false' },
    ]);
    const removed: FlowDocument = { ...base, edges: (base.edges ?? []).slice(1) };
    const one = merge(base, withCondition('true'), removed);
    expect(one.conflicts).toMatchObject([{ part: 'edge', key: 'load→each', field: '' }]);
    expect(one.document.edges?.find((edge) => edge.to === 'each')?.condition).toBe('true');
    expect(merge(base, base, removed).document.edges).toEqual(removed.edges);
  });

  test('where nodes stand is never a conflict', () => {
    const at = (x: number) => changeNode(base, 'load', (node) => ({ ...node, position: { x, y: 0 } }));
    expect(merge(base, at(10), at(20))).toMatchObject({
      conflicts: [],
      document: { nodes: [{ position: { x: 10, y: 0 } }, {}, {}] },
    });
    expect(merge(base, base, at(20)).document.nodes[0]?.position).toEqual({ x: 20, y: 0 });
    expect(merge(base, removeNodes(base, [], ['load']), at(20)).conflicts).toEqual([]);
  });

  test('both sides adding a node of one id differ by field', () => {
    const add = (value: number): FlowDocument => ({
      ...base,
      nodes: [...base.nodes, { id: 'n', type: 'set', config: { values: { a: value } } }],
    });
    const { conflicts, document } = merge(base, add(1), add(2));
    expect(conflicts).toMatchObject([{ key: 'n', field: '/config/values/a', base: undefined, mine: 1, theirs: 2 }]);
    expect(document.nodes).toHaveLength(4);
  });

  test('lists are taken as a whole', () => {
    const list = (values: number[]) => ({ ...base, vars: { values } });
    expect(merge(list([1]), list([1, 2]), list([3])).conflicts).toMatchObject([
      { part: 'flow', key: 'vars', field: '/values' },
    ]);
  });
});

describe('random merges', () => {
  // A small generator with a seed, so that a failure can be repeated.
  function random(seed: number) {
    return () => {
      seed = (seed * 1664525 + 1013904223) % 4294967296;
      return seed / 4294967296;
    };
  }
  function edit(flow: FlowDocument, next: () => number): FlowDocument {
    const ids = [...nodesOf(flow).keys()];
    const id = ids[Math.floor(next() * ids.length)] ?? '';
    const kind = Math.floor(next() * 4);
    if (kind === 0) return set(flow, id, { [`f${Math.floor(next() * 3)}`]: Math.floor(next() * 5) });
    if (kind === 1)
      return { ...flow, nodes: [...flow.nodes, { id: `n${Math.floor(next() * 4)}_${ids.length}`, type: 'noop' }] };
    if (kind === 2) return removeNodes(flow, nodesOf(flow).get(id)?.container ?? [], [id]);
    return {
      ...flow,
      edges: [
        ...(flow.edges ?? []),
        { from: flow.nodes[0]?.id ?? '', to: flow.nodes.at(-1)?.id ?? '', condition: `${next()}` },
      ],
    };
  }

  test('merging with an unchanged side gives the other one, whichever side it is', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      let changed = base;
      for (let count = 0; count < 6; count++) changed = edit(changed, next);
      const clean = putTogether(takeApart(changed));
      for (const result of [merge(base, changed, base), merge(base, base, changed)]) {
        expect(result.conflicts, `seed ${seed}`).toEqual([]);
        expect(diffFlows(clean, result.document, { positions: true }), `seed ${seed}`).toEqual([]);
      }
    }
  });

  test('a merge has unique ids, whole edges and no surprise: what differs from both sides is a joined field', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      let [mine, theirs] = [base, base];
      for (let count = 0; count < 5; count++) [mine, theirs] = [edit(mine, next), edit(theirs, next)];
      const { document, conflicts } = merge(base, mine, theirs);
      const ids = new Set(document.nodes.map((node) => node.id));
      expect(ids.size, `seed ${seed}`).toBe(document.nodes.length);
      for (const edge of document.edges ?? [])
        expect(ids.has(edge.from) && ids.has(edge.to), `seed ${seed}`).toBe(true);
      const known = new Set([...nodesOf(mine).keys(), ...nodesOf(theirs).keys()]);
      for (const id of nodesOf(document).keys()) expect(known.has(id), `seed ${seed}`).toBe(true);
      expect(new Set(conflicts.map((one) => one.id)).size, `seed ${seed}`).toBe(conflicts.length);
    }
  });
});

describe('difference', () => {
  test('changes are told by node, edge and field, with what was before', () => {
    const after = { ...set(removeNodes(base, [], ['send']), 'ask', { prompt: 'y' }), description: 'new' };
    const found = diffFlows(base, after);
    expect(found.map((one) => `${one.change} ${one.part} ${one.key}`)).toEqual([
      'added flow description',
      'changed node ask',
      'removed node send',
      'removed edge each→send',
    ]);
    expect(found[1]).toMatchObject({
      type: 'llm.chat',
      fields: [{ pointer: '/config/prompt', before: 'x', after: 'y' }],
    });
  });

  test('a moved node is a change only when places are asked for', () => {
    const after = changeNode(base, 'load', (node) => ({ ...node, position: { x: 5, y: 0 } }));
    expect(diffFlows(base, after)).toEqual([]);
    expect(diffFlows(base, after, { positions: true })).toHaveLength(1);
  });

  test('a node that moved into a body says so', () => {
    const after: FlowDocument = structuredClone(base);
    const send = after.nodes.pop();
    graphAt(after, ['each'])?.nodes.push(send!);
    const change = diffFlows(base, after).find((one) => one.key === 'send');
    expect(change).toMatchObject({
      change: 'changed',
      fields: [{ pointer: '/container', before: undefined, after: 'each' }],
    });
  });
});
