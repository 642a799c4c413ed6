// Sizes of what is drawn on the canvas, in pixels at 100 %.
import { type FlowNode, type NodeTypeInfo, portsOf } from '@/components/data/graph';

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 58;
const PORT = 22;
const ABOVE_PORTS = 12;

/** Nodes with several ways out are as high as their ports need. */
export function nodeHeight(ports: number): number {
  return ports <= 2 ? NODE_HEIGHT : ABOVE_PORTS * 2 + ports * PORT;
}

/** A node as the layout reads it. */
export function boxOf(node: FlowNode, types: ReadonlyMap<string, NodeTypeInfo>) {
  return { id: node.id, width: NODE_WIDTH, height: nodeHeight(portsOf(node, types.get(node.type)).length) };
}

/** The middle of a port, from the node's upper edge. */
export function portY(index: number, ports: number): number {
  const height = nodeHeight(ports);
  if (ports <= 1) return height / 2;
  const step = Math.min(PORT + 4, (height - 12) / ports);
  return height / 2 + (index - (ports - 1) / 2) * step;
}
