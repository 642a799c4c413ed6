import { describe, expect, it } from 'vitest';
import type { FlowDocument } from '@/components/data/flow';
import type { Json } from '@/components/data/json';
import { compareSteps, difference, placesOf } from './compare';
import { messagesOf } from './messagesOf';
import { graphInside, kept, overlayOf } from './overlay';
import type { RunDiff } from './queries';
import { namesUsed, stepOfNode } from './reads';
import { buildTree, type Step } from './tree';

const step = (path: string, more: Partial<Step> = {}): Step => ({
  path,
  node: path.slice(path.lastIndexOf('/') + 1),
  type: 'set',
  status: 'succeeded',
  started_at: '2026-11-26T10:00:00Z',
  finished_at: '2026-11-26T10:00:02Z',
  ...more,
});

describe('the graph with the run on it', () => {
  const document: FlowDocument = {
    nodes: [
      { id: 'pick', type: 'switch' },
      { id: 'each', type: 'map', name: 'Each one', config: { body: { nodes: [{ id: 'x', type: 'set' }] } } },
      { id: 'not', type: 'set' },
      { id: 'fallback', type: 'set' },
    ],
    edges: [
      { from: 'pick', to: 'each', from_port: 'yes' },
      { from: 'pick', to: 'not', from_port: 'no' },
      { from: 'each', to: 'fallback', on: 'error' },
    ],
  };
  const tree = buildTree([
    step('pick'),
    step('each', { status: 'running', items: 4, finished_at: null }),
    step('each[0]/x'),
    step('each[1]/x', { status: 'failed' }),
    step('not', { status: 'skipped' }),
  ]);
  it('shows a container as one node with what its items came to', () => {
    const each = overlayOf(document, tree, '', 0).nodes.find((node) => node.id === 'each')!;
    expect(each).toMatchObject({
      title: 'Each one',
      path: 'each',
      status: 'running',
      items: { done: 2, all: 4 },
      group: '1 done, 1 failed',
    });
  });
  it('tells edges that were taken from those that were not', () => {
    const { edges } = overlayOf(document, tree, '', 0);
    expect(edges.map((edge) => edge.taken)).toEqual([true, false, false]);
  });
  it('looks inside of one item', () => {
    expect(overlayOf(document, tree, 'each[1]', 0).nodes).toMatchObject([
      { id: 'x', path: 'each[1]/x', status: 'failed' },
    ]);
    expect(graphInside(document, 'gone[0]')).toBeUndefined();
    expect(overlayOf(document, tree, 'pick[0]', 0).nodes).toEqual([]);
  });
  it('has nodes of which the run has no step yet', () => {
    expect(overlayOf(document, tree, '', 0).nodes.at(-1)).toMatchObject({ id: 'fallback', path: '', status: '' });
  });
});

describe('what is drawn again', () => {
  const key = (one: { id: string; state: string }) => one.state;
  it('is what changed alone, and nothing when nothing did', () => {
    const before = [
      { id: 'a', state: 'running' },
      { id: 'b', state: 'pending' },
    ];
    expect(kept(before, [{ ...before[0]! }, { ...before[1]! }], key)).toBe(before);
    const after = kept(before, [{ id: 'a', state: 'succeeded' }, { ...before[1]! }], key);
    expect(after[0]).toEqual({ id: 'a', state: 'succeeded' });
    expect(after[1]).toBe(before[1]);
  });
  it('follows nodes that come, go and change places', () => {
    const before = [
      { id: 'a', state: 'x' },
      { id: 'b', state: 'x' },
    ];
    const after = kept(
      before,
      [
        { id: 'b', state: 'x' },
        { id: 'a', state: 'x' },
      ],
      key,
    );
    expect(after).not.toBe(before);
    expect(after).toEqual([before[1], before[0]]);
    expect(after[0]).toBe(before[1]);
    expect(kept(before, [{ id: 'b', state: 'x' }], key)).toEqual([before[1]]);
    expect(kept([], before, key)).toEqual(before);
  });
});

describe('what a step reads', () => {
  it('is found in its templates', () => {
    const config = { a: '{{ nodes.one.output.x + input.y }}', b: ['{{ nodes["two-b"].output }}'], c: '{{ item.z }}' };
    expect(namesUsed(config)).toEqual({ nodes: ['one', 'two-b'], input: true, item: true });
    expect(namesUsed({ text: 'plain' })).toEqual({ nodes: [], input: false, item: false });
  });
  it('is the step of the same item, else one further out', () => {
    const tree = buildTree([step('one'), step('m[2]/two'), step('m[2]/three')]);
    expect(stepOfNode(tree, 'm[2]/three', 'two')).toBe('m[2]/two');
    expect(stepOfNode(tree, 'm[2]/three', 'one')).toBe('one');
    expect(stepOfNode(tree, 'one', 'two')).toBeUndefined();
  });
});

describe('the messages of a model', () => {
  it('are what it was told and what it said, in this order', () => {
    const config = {
      system: 'Be brief.',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, { type: 'image' }] }],
      prompt: 'Why?',
    };
    const output = { text: 'So.', tool_calls: [{ name: 'look', arguments: { at: 1 } }] };
    expect(messagesOf(config as Json, output)).toEqual([
      { role: 'system', text: 'Be brief.' },
      { role: 'user', text: 'Hi\n[image]' },
      { role: 'user', text: 'Why?' },
      { role: 'assistant', text: 'So.', calls: [{ name: 'look', arguments: { at: 1 } }] },
    ]);
  });
  it('are none where there are none', () => {
    expect(messagesOf({ model: 'x' }, undefined)).toEqual([]);
    expect(messagesOf(null, { text: '', value: { n: 1 } })[0]!.text).toContain('"n": 1');
  });
});

describe('two runs side by side', () => {
  const diff: RunDiff = {
    runs: [],
    same: 1,
    truncated: false,
    steps: [
      {
        path: 'b',
        change: 'changed',
        fields: ['output'],
        output: { places: [{ pointer: '/n', first: 1, second: 2 }], truncated: false },
      },
      { path: 'c', change: 'only_in_second' },
    ],
  };
  it('have each step once, in the order of the first', () => {
    const rows = compareSteps(
      diff,
      [step('a'), step('b', { usage: { input_tokens: 2, output_tokens: 3, cost_usd: '0.5' } })],
      [step('a', { reused: true }), step('b', { finished_at: '2026-11-26T10:00:05Z' }), step('c')],
    );
    expect(rows.map((row) => [row.path, row.change])).toEqual([
      ['a', 'same'],
      ['b', 'changed'],
      ['c', 'only_in_second'],
    ]);
    expect(rows[0]!.second).toMatchObject({ reused: true, took: undefined });
    expect(rows[1]!.first).toMatchObject({ tokens: 5, cost: 0.5, took: 2000 });
    expect(rows[1]!.second!.took).toBe(5000);
    expect(rows[2]!.first).toBeUndefined();
  });
  it('tell a difference with its direction', () => {
    const format = (size: number) => `${size} ms`;
    expect(difference(10, 30, format)).toBe('+20 ms');
    expect(difference(30, 10, format)).toBe('−20 ms');
    expect([difference(5, 5, format), difference(undefined, 5, format)]).toEqual(['', '']);
  });
  it('list the places of an output, or that it is too large', () => {
    expect(placesOf(diff.steps[0]!.output).places).toHaveLength(1);
    expect(placesOf({ too_large: true })).toEqual({ places: [], truncated: false, tooLarge: true });
    expect(placesOf(undefined).places).toEqual([]);
  });
});
