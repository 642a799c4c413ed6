import { expect, it } from 'vitest';
import { edgeRefusal, graphsOf, nodesOf } from '@/components/data/graph';
import { examples } from './examples';

it('begins with graphs that can be drawn as they are', () => {
  for (const { id, document } of examples) {
    for (const { graph } of graphsOf(document)) {
      const edges = graph.edges ?? [];
      for (const [index, edge] of edges.entries()) {
        const others = { ...graph, edges: edges.filter((_, at) => at !== index) };
        expect(edgeRefusal(others, edge), `${id}: ${edge.from} to ${edge.to}`).toBeUndefined();
      }
      for (const node of graph.nodes) expect(node.position, `${id}: ${node.id}`).toBeDefined();
    }
    expect(nodesOf(document).size).toBeGreaterThan(0);
  }
});
