import { expect, it } from 'vitest';
import type { FlowGraph } from '@/components/data/flow';
import { criticalPath } from './critical';
import { buildTree, type Step } from './tree';

const at = (second: number) => new Date(Date.parse('2026-11-26T10:00:00Z') + second * 1000).toISOString();
const step = (path: string, from: number, to: number, status: Step['status'] = 'succeeded'): Step => ({
  path,
  node: path.slice(path.lastIndexOf('/') + 1),
  type: 'set',
  status,
  started_at: at(from),
  finished_at: at(to),
});
const graph: FlowGraph = {
  nodes: ['a', 'slow', 'fast', 'join', 'other'].map((id) => ({ id, type: 'set' })),
  edges: [
    { from: 'a', to: 'slow' },
    { from: 'a', to: 'fast' },
    { from: 'slow', to: 'join' },
    { from: 'fast', to: 'join' },
    { from: 'join', to: 'a', on: 'rollback' },
  ],
};
const steps = [step('a', 0, 1), step('fast', 1, 2), step('slow', 1, 9), step('join', 9, 10), step('other', 0, 3)];

it('goes through the slower branch and leaves out what nobody waited for', () => {
  expect([...criticalPath(buildTree(steps), graph, 0)].sort()).toEqual(['a', 'join', 'slow']);
});

it('follows time where the version is gone', () => {
  expect([...criticalPath(buildTree(steps), undefined, 0)].sort()).toEqual(['a', 'join', 'slow']);
});

it('leaves out skipped steps, and is empty before anything began', () => {
  const skipped = [...steps.slice(0, 3), step('join', 12, 12, 'skipped')];
  expect(criticalPath(buildTree(skipped), graph, 0).has('join')).toBe(false);
  expect(criticalPath(buildTree([]), graph, 0).size).toBe(0);
});

it('takes all steps of a chain that ended at the same moment', () => {
  const chain: FlowGraph = {
    nodes: ['x', 'y', 'z'].map((id) => ({ id, type: 'set' })),
    edges: [
      { from: 'x', to: 'y' },
      { from: 'y', to: 'z' },
    ],
  };
  const found = criticalPath(buildTree([step('x', 0, 0), step('y', 0, 0), step('z', 0, 0)]), chain, 0);
  expect([...found].sort()).toEqual(['x', 'y', 'z']);
});

it('goes into the item of a container that ended last', () => {
  const withMap: FlowGraph = {
    nodes: [
      {
        id: 'm',
        type: 'map',
        config: {
          body: {
            nodes: [
              { id: 'p', type: 'set' },
              { id: 'q', type: 'set' },
            ],
            edges: [{ from: 'p', to: 'q' }],
          },
        },
      },
    ],
  };
  const tree = buildTree([
    step('m', 0, 9),
    step('m[0]/p', 0, 1),
    step('m[0]/q', 1, 2),
    step('m[1]/p', 0, 1),
    step('m[1]/q', 1, 9),
  ]);
  expect([...criticalPath(tree, withMap, 0)].sort()).toEqual(['m', 'm[1]', 'm[1]/p', 'm[1]/q']);
});
