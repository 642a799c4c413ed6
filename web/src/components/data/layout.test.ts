import { describe, expect, test } from 'vitest';
import { place } from './place';

describe('layout', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id, width: 200, height: 58 }));

  test('what follows stands to the right, and no two nodes overlap', () => {
    const edges = [
      { from: 'a', to: 'b' },
      { from: 'a', to: 'c' },
      { from: 'b', to: 'd' },
      { from: 'c', to: 'd' },
    ];
    const places = place({ nodes, edges });
    const at = (id: string) => places.get(id)!;
    expect(at('a').x + 200).toBeLessThan(at('b').x);
    expect(at('b').x).toBe(at('c').x);
    expect(Math.abs(at('b').y - at('c').y)).toBeGreaterThanOrEqual(58);
    expect(at('d').x).toBeGreaterThan(at('c').x);
  });

  test('downwards what follows stands below', () => {
    const places = place({ nodes, edges: [{ from: 'a', to: 'b' }], direction: 'down' });
    expect(places.get('b')!.y).toBeGreaterThan(places.get('a')!.y);
  });

  test('edges to nowhere, edges to itself and cycles of a draft do no harm', () => {
    const edges = [
      { from: 'a', to: 'ghost' },
      { from: 'a', to: 'a' },
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
    ];
    const places = place({ nodes, edges });
    expect(places.size).toBe(4);
    for (const { x, y } of places.values()) expect(Number.isInteger(x) && Number.isInteger(y)).toBe(true);
  });
});
