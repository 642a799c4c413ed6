// Layout of a graph in a worker: `layoutGraph(input)` gives the nodes' places and never blocks the page.
import type { LayoutAnswer, LayoutRequest } from './layout.worker';
import type { LayoutInput, Places } from './place';

export type { LayoutInput, LayoutNode, Places } from './place';

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, { resolve: (places: Places) => void; reject: (error: Error) => void }>();

function drop(reason: string): void {
  worker?.terminate();
  worker = undefined;
  for (const one of waiting.values()) one.reject(new Error(reason));
  waiting.clear();
}

function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module', name: 'layout' });
  worker.onmessage = (event: MessageEvent<LayoutAnswer>) => {
    const answer = event.data;
    const one = waiting.get(answer.number);
    waiting.delete(answer.number);
    if ('places' in answer) one?.resolve(answer.places);
    else one?.reject(new Error(`The graph could not be laid out: ${answer.error}`));
  };
  worker.onerror = (event) =>
    drop(`The layout worker stopped: ${event.message || 'it could not be loaded'}. Try again.`);
  return worker;
}

/** The places of all nodes. Rejects when the worker fails or the signal says stop; the next call starts a fresh worker. */
export function layoutGraph(input: LayoutInput, signal?: AbortSignal): Promise<Places> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const number = ++last;
    waiting.set(number, { resolve, reject });
    signal?.addEventListener(
      'abort',
      () => {
        if (waiting.delete(number)) reject(signal.reason);
      },
      { once: true },
    );
    const request: LayoutRequest = { number, input };
    theWorker().postMessage(request);
  });
}
