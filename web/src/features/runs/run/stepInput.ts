// What a step was given. The server does not keep it: it follows from the node's config and the outputs before it, so it is
// computed again here from what this run recorded, by the server's own expressions.

import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { type FlowDocument, nodesOf } from '@/components/data/flow';
import { isObject, type Json, type JsonObject } from '@/components/data/json';
import { sizeText } from '@/components/data/sizes';
import { readWhole } from './queries';
import { namesUsed, ownConfig, stepOfNode } from './reads';
import { partsOfPath, type Tree } from './tree';

/** A step that reads more than this is shown with its config alone. */
const mostBytes = 512 * 1024;

export interface Given {
  /** The config as it is written in the version. */
  written: JsonObject;
  /** With its templates filled in; absent when that was not possible. */
  value?: Json;
  why?: string;
  /** Paths of the steps that it reads. */
  reads: string[];
}

export function useGiven(run: string, path: string, tree: Tree, document: FlowDocument | undefined, enabled: boolean) {
  return useQuery({
    queryKey: ['run', run, 'given', path],
    queryFn: ({ signal }) => given(run, path, tree, document!, signal),
    enabled: enabled && document !== undefined,
    staleTime: 30_000,
  });
}

async function given(
  run: string,
  path: string,
  tree: Tree,
  document: FlowDocument,
  signal: AbortSignal,
): Promise<Given> {
  const parts = partsOfPath(path);
  const node = nodesOf(document).get(parts.at(-1)!.node)?.node;
  if (!node) return { written: {}, why: 'The version does not have this node.', reads: [] };
  const written = ownConfig(node);
  const used = namesUsed(written);
  const reads = used.nodes.flatMap((id) => stepOfNode(tree, path, id) ?? []);
  if (!JSON.stringify(written).includes('{{')) return { written, value: written, reads };
  try {
    const scope = await scopeOf(run, path, written, tree, document, signal);
    const answer = await data(api.POST('/api/v1/expressions/preview', { body: { template: written, scope }, signal }));
    if (answer.error) return { written, why: `It cannot be computed here: ${answer.error.message}`, reads };
    return { written, value: answer.value as Json, reads };
  } catch (error) {
    if (signal.aborted) throw error;
    return { written, why: error instanceof Error ? error.message : String(error), reads };
  }
}

async function scopeOf(
  run: string,
  path: string,
  config: JsonObject,
  tree: Tree,
  document: FlowDocument,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const used = namesUsed(config);
  const scope: Record<string, unknown> = { vars: isObject(document.vars) ? document.vars : {}, run: { id: run } };
  if (used.input) scope.input = await small(() => readWhole({ run, of: 'input' }, mostBytes), "the run's input");
  const nodes: Record<string, unknown> = {};
  for (const id of used.nodes) {
    const from = stepOfNode(tree, path, id);
    if (!from || tree.nodes.get(from)?.step?.status !== 'succeeded') continue;
    nodes[id] = { output: await small(() => readWhole({ run, step: from }, mostBytes), `the output of ${from}`) };
  }
  scope.nodes = nodes;
  const place = partsOfPath(path).at(-2);
  if (used.item && place?.index !== undefined) {
    scope.index = place.index;
    const item = await itemOf(run, path, tree, document, signal);
    if (item !== undefined) scope.item = item;
  }
  return scope;
}

async function small(read: () => Promise<Json | undefined>, what: string): Promise<Json> {
  const value = await read();
  if (value === undefined)
    throw new Error(`It is not computed here, because ${what} has more than ${sizeText(mostBytes)}.`);
  return value;
}

/** The item of the map that a step is inside of: the map's items are an expression themselves. */
async function itemOf(run: string, path: string, tree: Tree, document: FlowDocument, signal: AbortSignal) {
  const parts = partsOfPath(path);
  const around = parts.at(-2)!;
  const container = nodesOf(document).get(around.node)?.node;
  const items = container?.config?.items;
  if (container?.type !== 'map' || items === undefined) return undefined;
  const own = path.slice(0, path.lastIndexOf('/'));
  const containerPath = own.slice(0, own.lastIndexOf('['));
  const config = { items };
  const scope = await scopeOf(run, containerPath, config, tree, document, signal);
  const answer = await data(api.POST('/api/v1/expressions/preview', { body: { template: items, scope }, signal }));
  return Array.isArray(answer.value) ? (answer.value as Json[])[around.index!] : undefined;
}
