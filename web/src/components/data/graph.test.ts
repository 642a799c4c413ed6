import { describe, expect, test } from 'vitest';
import {
  addEdge,
  addNode,
  changeEdge,
  changeNode,
  comesBefore,
  copyNodes,
  cycleThrough,
  edgeKeys,
  edgeRefusal,
  type FlowDocument,
  type FlowNode,
  freeId,
  graphAt,
  idRefusal,
  inOrder,
  isClip,
  nodesOf,
  pasteNodes,
  portsOf,
  removeNodes,
  renameNode,
  scopeOf,
  toCanvas,
  withPositions,
} from './graph';

const triage: FlowDocument = {
  name: 'triage',
  nodes: [
    { id: 'load', type: 'file.read', config: { path: 'tickets.csv' }, position: { x: 0, y: 0 } },
    {
      id: 'each',
      type: 'map',
      config: {
        items: '{{ nodes.load.output.rows }}',
        body: {
          nodes: [
            { id: 'ask', type: 'llm.chat', config: { prompt: 'How urgent? {{ item.text }}' } },
            {
              id: 'keep',
              type: 'set',
              config: { values: { urgent: '{{ nodes.ask.output.text }}', all: '{{ nodes.load.output.size }}' } },
            },
          ],
          edges: [{ from: 'ask', to: 'keep' }],
          output: '{{ nodes.keep.output }}',
        },
      },
    },
    {
      id: 'route',
      type: 'switch',
      config: { cases: [{ port: 'many', when: 'size(nodes.each.output) > 3' }], default: 'few' },
    },
    { id: 'alarm', type: 'noop' },
  ],
  edges: [
    { from: 'load', to: 'each' },
    { from: 'each', to: 'route' },
    { from: 'route', to: 'alarm', from_port: 'many', condition: "nodes.each.output[0] != 'nodes.each'" },
  ],
  output: 'Done with {{ nodes.each.output }}',
};

describe('places', () => {
  test('nodes of bodies are found with their container and pointer', () => {
    const keep = nodesOf(triage).get('keep');
    expect(keep?.container).toEqual(['each']);
    expect(keep?.pointer).toBe('/nodes/1/config/body/nodes/1');
  });

  test('the first of two nodes with one id counts', () => {
    const twice = {
      nodes: [
        { id: 'a', type: 'set' },
        { id: 'a', type: 'noop' },
      ],
    };
    expect(nodesOf(twice).get('a')?.node.type).toBe('set');
  });

  test('a graph whose container is gone is not there', () => {
    expect(graphAt(triage, ['each'])?.nodes).toHaveLength(2);
    expect(graphAt(triage, ['load'])).toBeUndefined();
    expect(graphAt(triage, ['nobody'])).toBeUndefined();
  });
});

describe('ids', () => {
  test('a fresh id is made from the type and counts up over bodies too', () => {
    expect(freeId(triage, 'http.request')).toBe('http_request');
    expect(freeId(triage, 'ask')).toBe('ask_2');
    expect(freeId(triage, 'ask', new Set(['ask_2']))).toBe('ask_3');
  });

  test('a copy of a numbered id goes on counting instead of growing a second number', () => {
    expect(freeId({ nodes: [{ id: 'set_2', type: 'set' }] }, 'set_2')).toBe('set_3');
  });

  test('what cannot begin an id is mended', () => {
    expect(freeId(triage, '3d.model')).toBe('_3d_model');
    expect(freeId(triage, '***')).toBe('node');
    for (const from of ['3d.model', '***', 'x'.repeat(200), '-a'])
      expect(idRefusal(triage, freeId(triage, from))).toBeUndefined();
  });

  test('an id that is taken or malformed is refused with the reason', () => {
    expect(idRefusal(triage, 'ask')).toContain('already');
    expect(idRefusal(triage, 'ask', 'ask')).toBeUndefined();
    expect(idRefusal(triage, '2nd')).toContain('letter');
  });
});

describe('edges', () => {
  test('an edge that would close a cycle is refused with its path', () => {
    expect(cycleThrough(triage, 'alarm', 'load')).toEqual(['alarm', 'load', 'each', 'route', 'alarm']);
    expect(edgeRefusal(triage, { from: 'alarm', to: 'load' })).toContain('alarm → load → each → route → alarm');
    expect(edgeRefusal(triage, { from: 'load', to: 'load' })).toContain('loop');
  });

  test('the same edge twice, an unknown port and another graph are refused', () => {
    expect(edgeRefusal(triage, { from: 'load', to: 'each' })).toContain('already');
    expect(edgeRefusal(triage, { from: 'route', to: 'alarm', from_port: 'none' })).toContain('no port none');
    expect(edgeRefusal(triage, { from: 'load', to: 'keep' })).toContain('keep is not in this one');
    expect(edgeRefusal(triage, { from: 'route', to: 'alarm', from_port: 'few' })).toBeUndefined();
    expect(edgeRefusal(triage, { from: 'load', to: 'each', on: 'error' })).toBeUndefined();
  });

  test('a compensation has no other edge, and a node has one compensation', () => {
    const graph = { nodes: [...triage.nodes, { id: 'undo', type: 'noop' }], edges: triage.edges ?? [] };
    expect(edgeRefusal(graph, { from: 'load', to: 'undo', on: 'rollback' })).toBeUndefined();
    expect(edgeRefusal(graph, { from: 'load', to: 'alarm', on: 'rollback' })).toContain('other edges');
    const undone = { ...graph, edges: [...graph.edges, { from: 'load', to: 'undo', on: 'rollback' as const }] };
    expect(edgeRefusal(undone, { from: 'load', to: 'alarm', on: 'rollback' })).toContain('undone by undo');
    expect(edgeRefusal(undone, { from: 'undo', to: 'alarm' })).toContain('no other edge');
    expect(
      edgeRefusal(
        { nodes: [...graph.nodes, { id: 'w', type: 'wait' }], edges: [] },
        { from: 'load', to: 'w', on: 'rollback' },
      ),
    ).toContain('cannot undo');
  });

  test('edges of one pair are told apart by kind, port and order', () => {
    const keys = edgeKeys([
      { from: 'a', to: 'b' },
      { from: 'a', to: 'b', on: 'error' },
      { from: 'a', to: 'b', from_port: 'big' },
      { from: 'a', to: 'b', condition: 'true' },
    ]);
    expect(keys).toEqual(['a→b', 'a→b on error', 'a→b from port big', 'a→b #2']);
  });
});

describe('ports and scope', () => {
  test('a switch has a port for each case and one for its default, each once', () => {
    const node: FlowNode = {
      id: 's',
      type: 'switch',
      config: { cases: [{ port: 'a', when: 'true' }, { port: 'a', when: 'x' }, { when: 'y' }], default: 'b' },
    };
    expect(portsOf(node).map((port) => port.name)).toEqual(['a', 'b']);
    expect(portsOf({ id: 'n', type: 'set' })).toEqual([{ name: '', title: 'out' }]);
    expect(portsOf({ id: 's', type: 'switch', config: { cases: '{{ input.cases }}' } })).toEqual([]);
  });

  test('in a body, what comes before its container is in scope, nearest first, with item and index', () => {
    expect(scopeOf(triage, 'keep')).toEqual({ nodes: ['ask', 'load'], item: true, error: false });
    expect(scopeOf(triage, 'alarm').nodes).toEqual(['route', 'each', 'load']);
    expect(scopeOf(triage, 'nobody').nodes).toEqual([]);
  });

  test('behind an error edge there is an error', () => {
    const flow = { nodes: triage.nodes, edges: [{ from: 'load', to: 'alarm', on: 'error' as const }] };
    expect(scopeOf(flow, 'alarm').error).toBe(true);
    expect(comesBefore(flow, 'alarm')).toEqual(['load']);
  });

  test('a cycle in a draft ends the search', () => {
    const flow = {
      nodes: triage.nodes,
      edges: [
        { from: 'load', to: 'each' },
        { from: 'each', to: 'load' },
      ],
    };
    expect(comesBefore(flow, 'load')).toEqual(['each']);
    expect(inOrder(flow)).toEqual(['route', 'alarm', 'load', 'each']);
  });
});

describe('edits', () => {
  test('a renamed node is followed by edges and expressions, and strings that merely look alike stay', () => {
    const flow = renameNode(triage, 'each', 'every-one');
    expect(flow.edges?.[1]).toEqual({ from: 'every-one', to: 'route' });
    expect(flow.edges?.[2]?.condition).toBe("nodes['every-one'].output[0] != 'nodes.each'");
    expect(flow.output).toBe("Done with {{ nodes['every-one'].output }}");
    const types = new Map([
      [
        'switch',
        {
          name: 'switch',
          config_schema: { properties: { cases: { items: { properties: { when: { 'x-expression': true } } } } } },
        },
      ],
    ]);
    const typed = renameNode(triage, 'each', 'all', types);
    expect(typed.nodes[2]?.config?.cases).toEqual([{ port: 'many', when: 'size(nodes.all.output) > 3' }]);
  });

  test('renaming reaches into bodies', () => {
    const flow = renameNode(triage, 'load', 'read');
    expect(graphAt(flow, ['each'])?.nodes[1]?.config?.values).toEqual({
      urgent: '{{ nodes.ask.output.text }}',
      all: '{{ nodes.read.output.size }}',
    });
  });

  test('removing nodes removes their edges and nothing else', () => {
    const flow = removeNodes(triage, [], ['route']);
    expect(flow.nodes.map((node) => node.id)).toEqual(['load', 'each', 'alarm']);
    expect(flow.edges).toEqual([{ from: 'load', to: 'each' }]);
    expect(triage.nodes).toHaveLength(4);
    const inner = removeNodes(triage, ['each'], ['ask']);
    expect(graphAt(inner, ['each'])).toMatchObject({ nodes: [{ id: 'keep' }], edges: [] });
  });

  test('nodes and edges are added to and changed in the graph that is meant', () => {
    let flow = addNode(triage, ['each'], { id: 'log', type: 'noop' });
    flow = addEdge(flow, ['each'], { from: 'keep', to: 'log' });
    flow = changeNode(flow, 'log', (node) => ({ ...node, name: 'Log it' }));
    flow = changeEdge(flow, ['each'], 'keep→log', (edge) => ({ ...edge, condition: 'true' }));
    expect(graphAt(flow, ['each'])?.nodes[2]).toEqual({ id: 'log', type: 'noop', name: 'Log it' });
    expect(graphAt(flow, ['each'])?.edges?.[1]).toEqual({ from: 'keep', to: 'log', condition: 'true' });
    flow = changeEdge(flow, ['each'], 'keep→log', () => undefined);
    expect(graphAt(flow, ['each'])?.edges).toHaveLength(1);
    expect(flow.nodes[0]).toBe(triage.nodes[0]);
  });

  test('pasted nodes have fresh ids, bodies included, and name each other by them', () => {
    const clip = copyNodes(triage, ['each', 'route']);
    expect(clip.edges).toEqual([{ from: 'each', to: 'route' }]);
    expect(isClip(JSON.parse(JSON.stringify(clip)))).toBe(true);
    expect(isClip({ nodes: [] })).toBe(false);
    const { document, ids } = pasteNodes(triage, [], clip, { x: 24, y: 24 });
    expect(ids).toEqual(['each_2', 'route_2']);
    const inner = graphAt(document, ['each_2']);
    expect(inner?.nodes.map((node) => node.id)).toEqual(['ask_2', 'keep_2']);
    expect(inner?.nodes[1]?.config?.values).toMatchObject({
      urgent: '{{ nodes.ask_2.output.text }}',
      all: '{{ nodes.load.output.size }}',
    });
    expect(document.edges).toContainEqual({ from: 'each_2', to: 'route_2' });
    expect(new Set([...nodesOf(document).keys()]).size).toBe(10);
  });

  test('pasting moves what has a place', () => {
    const { document } = pasteNodes(triage, [], copyNodes(triage, ['load']), { x: 24, y: 8 });
    expect(document.nodes.at(-1)?.position).toEqual({ x: 24, y: 8 });
  });
});

describe('canvas', () => {
  test('edges without both ends are left out, and a container tells what is in it', () => {
    const canvas = toCanvas({ ...triage, edges: [...(triage.edges ?? []), { from: 'load', to: 'ghost' }] });
    expect(canvas.edges.map((edge) => edge.id)).toEqual(['load→each', 'each→route', 'route→alarm from port many']);
    expect(canvas.edges[2]).toMatchObject({ sourcePort: 'many', kind: 'success' });
    expect(canvas.nodes.map((node) => node.inner)).toEqual([undefined, 2, undefined, undefined]);
    expect(canvas.nodes[0]?.position).toEqual({ x: 0, y: 0 });
    expect(canvas.nodes[1]?.position).toBeUndefined();
  });

  test('places are written as whole pixels, and what does not move stays the same object', () => {
    const moved = withPositions(
      triage,
      [],
      new Map([
        ['load', { x: 0.2, y: 0 }],
        ['alarm', { x: 10.6, y: 3 }],
      ]),
    );
    expect(moved.nodes[0]).toBe(triage.nodes[0]);
    expect(moved.nodes[3]?.position).toEqual({ x: 11, y: 3 });
  });
});
