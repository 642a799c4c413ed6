// Sample data for the expressions of a node: what the last run gave, over it what is pinned.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { SampleScope } from '@/components/data/completion';
import { type Scope, scopeOf } from '@/components/data/graph';
import { isObject, type Json, type JsonObject } from '@/components/data/json';
import { pinQuery, stepAddress, valueQuery } from '../queries';
import { useEditorState, useParts } from './context';

// Larger outputs are looked at in parts; as samples they would slow down every key.
const LARGEST = 256 * 1024;
const MOST_NODES = 30;

export interface Sample {
  scope: SampleScope;
  names: string[];
  /** Nearest first. */
  order: string[];
  /** Of these there is no output yet, or it is too large for one. */
  missing: string[];
}

const noScope: Scope = { nodes: [], item: false, error: false };

/** `id` empty: of the flow's own expressions, which may name every node of it. */
export function useSample(id: string): Sample {
  const { flow, live, pinned } = useParts();
  const document = useEditorState((state) => state.document);
  const { run, statuses } = useStore(live.store);
  const known = useMemo(
    () => (id === '' ? { ...noScope, nodes: document.nodes.map((node) => node.id) } : scopeOf(document, id)),
    [document, id],
  );
  const order = useMemo(() => known.nodes.slice(0, MOST_NODES), [known]);
  const input = useQuery(valueQuery(`/api/v1/runs/${run}/input`, run !== ''));
  const values = useQueries({
    queries: order.map((node) => {
      const status = statuses.get(node);
      const has = run !== '' && status?.bytes !== undefined && status.bytes <= LARGEST;
      return valueQuery(has ? stepAddress(run, status.path) : `none/${node}`, has && !pinned.has(node));
    }),
    combine: (results) => results.map((one) => one.data),
  });
  const pins = useQueries({
    queries: order.map((node) => pinQuery(flow, node, pinned.has(node))),
    combine: (results) => results.map((one) => one.data?.output as Json | undefined),
  });
  const vars = isObject(document.vars) ? (document.vars as JsonObject) : undefined;
  return useMemo(() => {
    const nodes: NonNullable<SampleScope['nodes']> = {};
    const missing = known.nodes.slice(MOST_NODES);
    for (const [index, node] of order.entries()) {
      const output = pinned.has(node) ? pins[index] : values[index];
      if (output === undefined) missing.push(node);
      else nodes[node] = { output };
    }
    const scope: SampleScope = { nodes };
    if (input.data !== undefined) scope.input = input.data;
    if (vars) scope.vars = vars;
    const names = [...(known.item ? ['item', 'index'] : []), ...(known.error ? ['error'] : [])];
    return { scope, names, order, missing };
  }, [known, order, values, pins, input.data, vars, pinned]);
}
