import { expect, it } from 'vitest';
import type { FlowGraph } from '@/components/data/flow';
import { redoneSteps } from './redone';
import { buildTree, type Step } from './tree';

const step = (path: string): Step => ({
  path,
  node: path.slice(path.lastIndexOf('/') + 1),
  type: 'set',
  status: 'succeeded',
});
const graph: FlowGraph = {
  nodes: [
    { id: 'begin', type: 'set' },
    { id: 'side', type: 'set' },
    {
      id: 'each',
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
    { id: 'end', type: 'set' },
  ],
  edges: [
    { from: 'begin', to: 'each' },
    { from: 'begin', to: 'side' },
    { from: 'each', to: 'end' },
  ],
};
const tree = buildTree(['begin', 'side', 'each', 'each[0]/p', 'each[0]/q', 'each[1]/p', 'each[1]/q', 'end'].map(step));
const sorted = (found: Set<string>) => [...found].sort();

it('is everything without a step to begin at', () => {
  expect(redoneSteps(tree, graph, '', []).size).toBe(8);
});

it('is a step and what comes after it, and not what stands beside it', () => {
  expect(sorted(redoneSteps(tree, graph, 'each', []))).toEqual([
    'each',
    'each[0]/p',
    'each[0]/q',
    'each[1]/p',
    'each[1]/q',
    'end',
  ]);
});

it('is one item only, with its container and what comes after that', () => {
  expect(sorted(redoneSteps(tree, graph, 'each[1]/q', []))).toEqual(['each', 'each[1]/q', 'end']);
});

it('is what comes after a step with another output, without that step', () => {
  expect(sorted(redoneSteps(tree, graph, '', ['each[0]/p']))).toEqual(['each', 'each[0]/q', 'end']);
  expect(sorted(redoneSteps(tree, graph, 'end', ['side']))).toEqual(['end']);
});
