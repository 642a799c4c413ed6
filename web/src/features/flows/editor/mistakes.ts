// The server's mistakes, by JSON pointer, brought to the node, edge or member that they are about.
import {
  bodyOf,
  type Container,
  edgeKeys,
  type FlowDocument,
  type FlowGraph,
  type FlowNode,
} from '@/components/data/graph';
import { tokensOf } from '@/components/data/pointer';

export interface Mistake {
  pointer: string;
  message: string;
}

export interface Problem extends Mistake {
  severity: 'error' | 'warning';
  /** The graph that it is in. */
  container: Container;
  node?: string;
  /** The edge's key. */
  edge?: string;
  /** Pointer below the node, edge or flow: `/config/url`. */
  field: string;
}

/** Where a pointer leads: through bodies to the innermost node or edge. */
export function locateMistake(document: FlowDocument, mistake: Mistake, severity: Problem['severity']): Problem {
  let graph: FlowGraph = document;
  let container: Container = [];
  let tokens = tokensOf(mistake.pointer);
  for (;;) {
    const [list, index, ...rest] = tokens;
    if (list === 'nodes' && index !== undefined) {
      const node: FlowNode | undefined = graph.nodes?.[Number(index)];
      if (!node) break;
      const body = rest[0] === 'config' && rest[1] === 'body' ? bodyOf(node) : undefined;
      if (body && (rest[2] === 'nodes' || rest[2] === 'edges') && rest[3] !== undefined) {
        graph = body;
        container = [...container, node.id];
        tokens = rest.slice(2);
        continue;
      }
      return { ...mistake, severity, container, node: node.id, field: below(rest) };
    }
    if (list === 'edges' && index !== undefined) {
      const edge = edgeKeys(graph.edges ?? [])[Number(index)];
      if (edge !== undefined) return { ...mistake, severity, container, edge, field: below(rest) };
    }
    break;
  }
  return { ...mistake, severity, container: [], field: mistake.pointer };
}

const below = (tokens: string[]) =>
  tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export function problemsOf(
  document: FlowDocument,
  found: { errors: readonly Mistake[]; warnings: readonly Mistake[] } | undefined,
): Problem[] {
  if (!found) return [];
  return [
    ...found.errors.map((one) => locateMistake(document, one, 'error')),
    ...found.warnings.map((one) => locateMistake(document, one, 'warning')),
  ];
}

/** Mistakes of one member of a node, by pointers into it: what its form shows at the fields. */
export function mistakesBelow(problems: readonly Problem[], node: string, member: string): Mistake[] {
  const prefix = `/${member}`;
  return problems
    .filter((one) => one.node === node && (one.field === prefix || one.field.startsWith(`${prefix}/`)))
    .map((one) => ({ pointer: one.field.slice(prefix.length), message: one.message }));
}

/** The worst of the marks at each node; a container shows what is wrong inside of it as well. */
export function marksOf(problems: readonly Problem[], container: Container): Map<string, Problem['severity']> {
  const marks = new Map<string, Problem['severity']>();
  for (const one of problems) {
    if (!container.every((id, index) => one.container[index] === id)) continue;
    const id = one.container.length > container.length ? one.container[container.length] : one.node;
    if (id !== undefined && marks.get(id) !== 'error') marks.set(id, one.severity);
  }
  return marks;
}

export function edgeMarks(problems: readonly Problem[], container: Container): Map<string, Problem['severity']> {
  const marks = new Map<string, Problem['severity']>();
  for (const one of problems) {
    if (one.edge === undefined || one.container.join('/') !== container.join('/')) continue;
    if (marks.get(one.edge) !== 'error') marks.set(one.edge, one.severity);
  }
  return marks;
}

/** Said for people: where a mistake is. */
export function placeText(problem: Problem): string {
  const fields = tokensOf(problem.field).join(' / ');
  const of = problem.node ?? problem.edge ?? 'Flow';
  return fields ? `${of}: ${fields}` : of;
}
