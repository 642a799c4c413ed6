import { describe, expect, it } from 'vitest';
import {
  buildTree,
  containerOf,
  countsOf,
  countsText,
  failedPaths,
  nextFailure,
  partsOfPath,
  type Step,
  statusOf,
  updateTree,
  visibleRows,
} from './tree';

const step = (path: string, status: Step['status'] = 'succeeded'): Step => ({
  path,
  node: partsOfPath(path).at(-1)!.node,
  type: 'set',
  status,
  attempts: 1,
});
const closed = { open: new Map<string, boolean>(), words: '', failedOnly: false };
const keys = (rows: ReturnType<typeof visibleRows>) => rows.map((row) => row.node.key);

const nested = [
  step('begin'),
  step('each', 'failed'),
  step('each[0]/size'),
  step('each[1]/size'),
  step('each[0]/send'),
  step('each[1]/send', 'failed'),
  step('end', 'skipped'),
];

describe('paths', () => {
  it('are containers with items, and a node', () => {
    expect(partsOfPath('a[1]/b[22]/c')).toEqual([{ node: 'a', index: 1 }, { node: 'b', index: 22 }, { node: 'c' }]);
  });
  it('tell the container that they are inside of', () => {
    expect(['c', 'a[1]/c', 'a[1]/b[2]/c', 'a[1]/b[2]', 'a[1]'].map(containerOf)).toEqual([
      '',
      'a',
      'a[1]/b',
      'a[1]/b',
      'a',
    ]);
  });
});

describe('the tree', () => {
  it('holds items in the order of their numbers, whatever came first', () => {
    const tree = buildTree([step('m'), step('m[10]/x'), step('m[9]/x'), step('m[100]/x')]);
    expect(tree.nodes.get('m')!.children.map((item) => item.name)).toEqual(['9', '10', '100']);
  });
  it('makes what is around a step where the list does not have it', () => {
    const tree = buildTree([step('a[0]/b[3]/c', 'running')]);
    expect(tree.roots.map((node) => node.key)).toEqual(['a']);
    expect(tree.nodes.get('a[0]/b[3]/c')!.depth).toBe(4);
    expect(statusOf(tree.roots[0]!)).toBe('running');
  });
  it('counts leaves, not the containers themselves', () => {
    const each = buildTree(nested).nodes.get('each')!;
    expect(countsOf(each)).toEqual({ succeeded: 3, failed: 1 });
    expect(countsText(countsOf(each))).toBe('3 done, 1 failed');
    expect(statusOf(each.children[1]!)).toBe('failed');
    expect(statusOf(each.children[0]!)).toBe('succeeded');
  });
});

describe('the tree after changes', () => {
  it('is what a new one would be, whether steps changed, came or went', () => {
    const shape = (tree: ReturnType<typeof buildTree>) =>
      [...tree.nodes.values()].map((node) => [node.key, node.step, node.children.map((child) => child.key)]).sort();
    const first = [step('a', 'running'), step('m', 'running'), step('m[1]/x', 'running')];
    const changed = [step('a'), first[1]!, step('m[1]/x', 'failed')];
    const grown = [...changed, step('m[0]/x'), step('end')];
    let tree = buildTree(first);
    let before = first;
    for (const next of [changed, grown, grown.slice(0, 2), [step('other'), ...grown]]) {
      tree = updateTree(tree, before, next);
      expect(shape(tree)).toEqual(shape(buildTree(next)));
      before = next;
    }
  });
  it('is another object, so that it is drawn, over the same nodes', () => {
    const first = [step('a', 'running')];
    const tree = buildTree(first);
    const next = updateTree(tree, first, [step('a')]);
    expect(next).not.toBe(tree);
    expect(next.nodes.get('a')!.step!.status).toBe('succeeded');
  });
});

describe('the rows that are shown', () => {
  it('open small containers and show every step once', () => {
    expect(keys(visibleRows(buildTree(nested), closed))).toEqual([
      'begin',
      'each',
      'each[0]',
      'each[0]/size',
      'each[0]/send',
      'each[1]',
      'each[1]/size',
      'each[1]/send',
      'end',
    ]);
  });
  it('keep large containers as one row until they are opened or hold what is selected', () => {
    const tree = buildTree([step('m'), ...Array.from({ length: 50 }, (_, index) => step(`m[${index}]/x`))]);
    expect(visibleRows(tree, closed)).toHaveLength(1);
    expect(visibleRows(tree, { ...closed, open: new Map([['m', true]]) })).toHaveLength(51);
    expect(visibleRows(tree, { ...closed, selected: 'm[7]/x' })).toHaveLength(51);
    expect(visibleRows(tree, { ...closed, selected: 'm[7]/x', open: new Map([['m', false]]) })).toHaveLength(1);
  });
  it('show the only step of an item in its place, with the number', () => {
    const rows = visibleRows(buildTree([step('m'), step('m[4]/x')]), closed);
    expect(rows.map((row) => [row.node.key, row.item, row.depth])).toEqual([
      ['m', undefined, 0],
      ['m[4]/x', '4', 1],
    ]);
  });
  it('are what fits the search and what is around it, by path or by name', () => {
    const tree = buildTree(nested);
    expect(keys(visibleRows(tree, { ...closed, words: '[1]/SE' }))).toEqual(['each', 'each[1]', 'each[1]/send']);
    const names = new Map([['end', 'Tell the customer']]);
    expect(keys(visibleRows(tree, { ...closed, words: 'customer', names }))).toEqual(['end']);
    expect(visibleRows(tree, { ...closed, words: 'nothing like it' })).toEqual([]);
  });
  it('are the failures alone when asked for', () => {
    expect(keys(visibleRows(buildTree(nested), { ...closed, failedOnly: true }))).toEqual([
      'each',
      'each[1]',
      'each[1]/send',
    ]);
  });
  it('find one step among five thousand in a closed container', () => {
    const tree = buildTree([step('m'), ...Array.from({ length: 5000 }, (_, index) => step(`m[${index}]/read`))]);
    expect(keys(visibleRows(tree, { ...closed, words: 'm[4321]' }))).toEqual(['m', 'm[4321]/read']);
  });
});

describe('going from failure to failure', () => {
  const tree = buildTree([...nested, step('after', 'timed_out'), step('last')]);
  it('leads to the innermost step, not to the container that failed because of it', () => {
    expect(failedPaths(tree)).toEqual(['each[1]/send', 'after']);
  });
  it('goes around the end in both directions', () => {
    expect(nextFailure(tree, '', 1)).toBe('each[1]/send');
    expect(nextFailure(tree, 'each[1]/send', 1)).toBe('after');
    expect(nextFailure(tree, 'after', 1)).toBe('each[1]/send');
    expect(nextFailure(tree, 'each[1]/send', -1)).toBe('after');
    expect(nextFailure(tree, 'last', -1)).toBe('after');
    expect(nextFailure(tree, 'begin', -1)).toBe('after');
    expect(nextFailure(buildTree([step('a')]), 'a', 1)).toBe('');
  });
});
