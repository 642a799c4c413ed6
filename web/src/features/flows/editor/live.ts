// What the nodes of the canvas show of a run: made from its steps. Outside of the document and of its history.
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Step } from '../queries';

export interface NodeStatus {
  /** The step's; of several (a map's items) the one that asks for most attention. */
  status: string;
  /** Milliseconds, of the latest one. */
  took?: number;
  cost?: string;
  count: number;
  done: number;
  failed: number;
  running: number;
  /** The path of the step whose data is shown: the latest that has a value. */
  path: string;
  bytes?: number;
  error?: { code?: string; message?: string };
}

// What is shown of several steps of one node.
const URGENCY = ['running', 'waiting', 'unknown', 'failed', 'timed_out', 'ready', 'pending', 'cancelled', 'succeeded'];
const urgency = (status: string) => {
  const index = URGENCY.indexOf(status);
  return index < 0 ? URGENCY.length : index;
};

export function statusesOf(steps: readonly Step[]): Map<string, NodeStatus> {
  const found = new Map<string, NodeStatus>();
  for (const step of steps) {
    const before = found.get(step.node);
    const took =
      step.started_at && step.finished_at ? Date.parse(step.finished_at) - Date.parse(step.started_at) : undefined;
    const usage = step.usage as { cost_usd?: string } | undefined;
    const one: NodeStatus = {
      status: step.status,
      took,
      cost: usage?.cost_usd,
      count: (before?.count ?? 0) + 1,
      done: (before?.done ?? 0) + (step.status === 'succeeded' || step.status === 'skipped' ? 1 : 0),
      failed: (before?.failed ?? 0) + (step.status === 'failed' || step.status === 'timed_out' ? 1 : 0),
      running: (before?.running ?? 0) + (step.status === 'running' ? 1 : 0),
      path: step.path,
      bytes: step.output_bytes,
      error: step.error as NodeStatus['error'],
    };
    if (before && before.bytes !== undefined && one.bytes === undefined) {
      one.path = before.path;
      one.bytes = before.bytes;
    }
    if (before && urgency(before.status) < urgency(one.status)) one.status = before.status;
    found.set(step.node, one);
  }
  return found;
}

export interface LiveState {
  /** The run whose data is shown; empty: none. */
  run: string;
  statuses: ReadonlyMap<string, NodeStatus>;
}
export type LiveStore = ReturnType<typeof createLive>;

export function createLive() {
  const store = createStore<LiveState>(() => ({ run: '', statuses: new Map() }));
  return {
    store,
    show(run: string, steps: readonly Step[]): void {
      const before = store.getState();
      const next = statusesOf(steps);
      // What did not change stays the same object, so that its node is not drawn anew.
      for (const [id, status] of next) {
        const old = before.run === run ? before.statuses.get(id) : undefined;
        if (old && JSON.stringify(old) === JSON.stringify(status)) next.set(id, old);
      }
      store.setState({ run, statuses: next });
    },
    clear: () => store.setState({ run: '', statuses: new Map() }),
  };
}

export function useNodeStatus(live: LiveStore, id: string): NodeStatus | undefined {
  return useStore(live.store, (state) => state.statuses.get(id));
}
