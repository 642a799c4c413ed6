import { describe, expect, it } from 'vitest';
import type { FlowDocument } from '@/components/data/flow';
import { type CanvasInput, canvasModel } from './canvas_model';
import { nodeHeight, portY } from './geometry';
import { statusesOf } from './live';
import { edgeMarks, locateMistake, marksOf, mistakesBelow, problemsOf } from './mistakes';
import { createEditor } from './store';
import { walk } from './walk';

const document: FlowDocument = {
  name: 'f',
  nodes: [
    {
      id: 'pick',
      type: 'switch',
      config: { cases: [{ port: 'big', when: 'true' }], default: 'small' },
      position: { x: 0, y: 0 },
    },
    {
      id: 'each',
      type: 'map',
      position: { x: 300, y: 0 },
      config: { items: '{{ input }}', body: { nodes: [{ id: 'in', type: 'set', config: { values: {} } }], edges: [] } },
    },
    { id: 'undo', type: 'set', position: { x: 300, y: 200 } },
  ],
  edges: [
    { from: 'pick', to: 'each', from_port: 'big' },
    { from: 'each', to: 'undo', on: 'error', condition: "error.code == 'x'" },
  ],
  ui: { comments: [{ id: 'c', text: 'note', x: 1, y: 2 }] },
};
const input = (more: Partial<CanvasInput> = {}): CanvasInput => ({
  document,
  graph: document,
  container: '',
  types: new Map([['switch', { name: 'switch', title: 'Switch', has_ports: true }]]),
  places: new Map(),
  moving: new Map(),
  resizing: new Map(),
  selection: { nodes: [], edges: [], notes: [] },
  marks: new Map(),
  edgeMarks: new Map(),
  pinned: new Set(),
  readOnly: false,
  ...more,
});

describe('what the canvas draws', () => {
  it('gives each node its size, its handles and its place', () => {
    const { nodes, edges } = canvasModel()(input());
    expect(nodes.map((node) => node.id)).toEqual(['note:c', 'pick', 'each', 'undo']);
    expect(nodes[1]).toMatchObject({
      width: 200,
      height: 58,
      measured: { width: 200, height: 58 },
      position: { x: 0, y: 0 },
    });
    expect(nodes[1]!.handles?.map((handle) => handle.id)).toEqual([undefined, 'big', 'small', 'error!']);
    expect(edges.map((edge) => [edge.sourceHandle, edge.data?.label])).toEqual([
      ['big', ''],
      ['error!', "error: error.code == 'x'"],
    ]);
  });

  it('keeps the objects of what did not change, so that 499 of 500 nodes are not drawn anew', () => {
    const model = canvasModel();
    const given = input();
    const first = model(given);
    const second = model({ ...given, moving: new Map([['each', { x: 310, y: 0 }]]) });
    expect(second.nodes[1]).toBe(first.nodes[1]);
    expect(second.nodes[3]).toBe(first.nodes[3]);
    expect(second.nodes[2]).not.toBe(first.nodes[2]);
    expect(second.edges[0]).toBe(first.edges[0]);
  });

  it('draws no node before its place is known', () => {
    const graph = { nodes: [{ id: 'a', type: 'set' }] };
    expect(canvasModel()(input({ document: graph, graph })).nodes).toEqual([]);
    const places = new Map([['a', { x: 1, y: 2 }]]);
    expect(canvasModel()(input({ document: graph, graph, places })).nodes).toHaveLength(1);
  });

  it('has room for every port', () => {
    expect(nodeHeight(1)).toBe(58);
    for (const count of [2, 3, 8]) {
      const ys = Array.from({ length: count }, (_, index) => portY(index, count));
      expect(Math.min(...ys)).toBeGreaterThan(6);
      expect(Math.max(...ys)).toBeLessThan(nodeHeight(count) - 6);
      expect(ys[1]! - ys[0]!).toBeGreaterThanOrEqual(20);
    }
  });
});

describe('mistakes', () => {
  it('are brought to the innermost node and its field', () => {
    const inner = locateMistake(
      document,
      { pointer: '/nodes/1/config/body/nodes/0/config/values', message: 'm' },
      'error',
    );
    expect(inner).toMatchObject({ node: 'in', container: ['each'], field: '/config/values' });
    expect(locateMistake(document, { pointer: '/nodes/1/config/items', message: 'm' }, 'error')).toMatchObject({
      node: 'each',
      container: [],
      field: '/config/items',
    });
    expect(locateMistake(document, { pointer: '/edges/1/condition', message: 'm' }, 'warning')).toMatchObject({
      edge: 'each→undo on error',
      field: '/condition',
    });
    expect(locateMistake(document, { pointer: '/settings/timeout', message: 'm' }, 'error')).toMatchObject({
      container: [],
      field: '/settings/timeout',
    });
    expect(locateMistake(document, { pointer: '/nodes/77/type', message: 'm' }, 'error').node).toBeUndefined();
  });

  it('mark a container for what is wrong inside of it, and an error outweighs a warning', () => {
    const problems = problemsOf(document, {
      errors: [{ pointer: '/nodes/1/config/body/nodes/0/type', message: 'no such type' }],
      warnings: [
        { pointer: '/nodes/1', message: 'w' },
        { pointer: '/edges/0', message: 'e' },
      ],
    });
    expect([...marksOf(problems, [])]).toEqual([['each', 'error']]);
    expect([...marksOf(problems, ['each'])]).toEqual([['in', 'error']]);
    expect([...edgeMarks(problems, [])]).toEqual([['pick→each from port big', 'warning']]);
  });

  it('reach a form as pointers into its value', () => {
    const problems = problemsOf(document, {
      errors: [
        { pointer: '/nodes/0/config/cases/0/when', message: 'x' },
        { pointer: '/nodes/0/retry', message: 'y' },
      ],
      warnings: [],
    });
    expect(mistakesBelow(problems, 'pick', 'config')).toEqual([{ pointer: '/cases/0/when', message: 'x' }]);
  });
});

describe('the state of nodes in a run', () => {
  const step = (path: string, node: string, status: string, more = {}) =>
    ({ path, node, type: 'set', status, ...more }) as never;
  it('counts the items of a body, and shows the one that asks for attention', () => {
    const found = statusesOf([
      step('each[0]/in', 'in', 'succeeded', { output_bytes: 3 }),
      step('each[1]/in', 'in', 'failed'),
      step('each[2]/in', 'in', 'running'),
    ]);
    expect(found.get('in')).toMatchObject({
      status: 'running',
      count: 3,
      done: 1,
      failed: 1,
      running: 1,
      path: 'each[0]/in',
    });
  });
  it('says how long a step took', () => {
    const found = statusesOf([
      step('a', 'a', 'succeeded', { started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:00:01.5Z' }),
    ]);
    expect(found.get('a')?.took).toBe(1500);
  });
});

describe('walking along the edges', () => {
  it('goes right, left, and down among those beside', () => {
    const graph: FlowDocument = {
      nodes: ['a', 'b', 'c'].map((id, index) => ({
        id,
        type: 'set',
        position: { x: index ? 300 : 0, y: index * 100 },
      })),
      edges: [
        { from: 'a', to: 'b' },
        { from: 'a', to: 'c' },
      ],
    };
    const editor = createEditor(graph);
    const step = (key: string) => {
      const to = walk(editor, key);
      if (to !== undefined) editor.select({ nodes: [to] });
      return to;
    };
    expect(step('ArrowRight')).toBe('a');
    expect(step('ArrowRight')).toBe('b');
    expect(step('ArrowDown')).toBe('c');
    expect(step('ArrowDown')).toBeUndefined();
    expect(step('ArrowUp')).toBe('b');
    expect(step('ArrowLeft')).toBe('a');
  });
});
