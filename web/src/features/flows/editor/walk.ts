// Walking along the edges by keys.
import type { FlowGraph } from '@/components/data/graph';
import { placeOf } from './actions';
import type { EditorStore } from './store';

/** The node to which a step along the edges leads; without a selection the first one. */
export function walk(editor: EditorStore, key: string): string | undefined {
  const graph = editor.graph();
  const [from] = editor.get().selection.nodes;
  if (from === undefined) return graph.nodes[0]?.id;
  const height = (id: string) => {
    const node = graph.nodes.find((one) => one.id === id);
    return node ? placeOf(editor, node).y : 0;
  };
  const byHeight = (ids: string[]) => [...new Set(ids)].sort((a, b) => height(a) - height(b));
  if (key === 'ArrowRight') return byHeight(next(graph, from, 'from', 'to'))[0];
  if (key === 'ArrowLeft') return byHeight(next(graph, from, 'to', 'from'))[0];
  // Up and down: among those that follow the same node, else among all.
  const before = next(graph, from, 'to', 'from');
  const beside = before.length > 0 ? before.flatMap((id) => next(graph, id, 'from', 'to')) : roots(graph);
  const row = byHeight(beside.includes(from) ? beside : [...beside, from]);
  const at = row.indexOf(from) + (key === 'ArrowDown' ? 1 : -1);
  return row[at];
}

function next(graph: FlowGraph, id: string, here: 'from' | 'to', there: 'from' | 'to'): string[] {
  return (graph.edges ?? []).filter((edge) => edge[here] === id).map((edge) => edge[there]);
}
function roots(graph: FlowGraph): string[] {
  const led = new Set((graph.edges ?? []).map((edge) => edge.to));
  return graph.nodes.map((node) => node.id).filter((id) => !led.has(id));
}
