// The run whose data the editor shows: the flow's last one, then the one that was started here.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { scopeOf } from '@/components/data/graph';
import type { Json } from '@/components/data/json';
import { useLive } from '@/lib/live';
import {
  lastRunQuery,
  type Run,
  runQuery,
  type StartRun,
  stepAddress,
  stepsQuery,
  useStartRun,
  valueQuery,
} from '../queries';
import type { LiveStore } from './live';
import type { Saver } from './saver';
import type { EditorStore } from './store';

const ENDED = ['succeeded', 'failed', 'cancelled', 'timed_out'];
export const hasEnded = (run: Run | undefined) => run !== undefined && ENDED.includes(run.status);
const LARGEST_SAMPLE = 256 * 1024;
const READ_AGAIN = 250;
const READ_LARGE_AGAIN = 2_000;
const LARGE = 1000;

export interface Mode {
  until?: string;
  only?: string;
}

export interface TestRuns {
  run: Run | undefined;
  /** The place of the run is kept while it is looked for, and says so where there is none. */
  place: 'loading' | 'none' | 'run' | 'hidden';
  /** Started here, not by somebody else before. */
  own: boolean;
  busy: boolean;
  error: unknown;
  start(input: Json, mode: Mode): Promise<void>;
  hide(): void;
  dismissError(): void;
}

export function useTestRuns(flow: string, editor: EditorStore, saver: Saver, live: LiveStore): TestRuns {
  const client = useQueryClient();
  const begin = useStartRun(flow);
  const [started, setStarted] = useState('');
  const [hidden, setHidden] = useState('');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const last = useQuery({ ...lastRunQuery(flow), staleTime: Number.POSITIVE_INFINITY });
  const chosen = started || last.data?.id || '';
  const id = chosen === hidden ? '' : chosen;
  const query = useQuery({
    ...runQuery(id),
    enabled: id !== '',
    refetchInterval: (state) => (hasEnded(state.state.data) ? false : 3_000),
  });
  const steps = useQuery({
    ...stepsQuery(id),
    enabled: id !== '',
    refetchInterval: hasEnded(query.data) ? false : 3_000,
  });
  const ended = hasEnded(query.data);

  const large = (steps.data?.total ?? 0) > LARGE;
  // At most four times a second, however much happens.
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const readAgain = useCallback(() => {
    waiting.current ??= setTimeout(
      () => {
        waiting.current = undefined;
        void client.invalidateQueries({ queryKey: ['flows', 'run', id] });
      },
      large ? READ_LARGE_AGAIN : READ_AGAIN,
    );
  }, [client, id, large]);
  useEffect(() => () => clearTimeout(waiting.current), []);
  useLive(id && !ended ? `run/${id}` : '', readAgain);
  // The steps of a run that has just ended are read once more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of each end
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: ['flows', 'run', id, 'steps'] });
  }, [ended]);
  useEffect(() => {
    if (id === '') live.clear();
    else if (steps.data) live.show(id, steps.data.items ?? []);
  }, [id, steps.data, live]);

  /** Outputs of the steps before a node, so that it can run alone. */
  const samples = async (node: string): Promise<Record<string, Json>> => {
    const { run, statuses } = live.store.getState();
    const found: Record<string, Json> = {};
    for (const before of scopeOf(editor.get().document, node).nodes) {
      const status = statuses.get(before);
      if (run === '' || status?.bytes === undefined || status.bytes > LARGEST_SAMPLE) continue;
      found[before] = await client.fetchQuery(valueQuery(stepAddress(run, status.path), true));
    }
    return found;
  };

  const start = async (input: Json, mode: Mode) => {
    setBusy(true);
    setError(undefined);
    try {
      await saver.flush();
      const draft = saver.base.etag !== '';
      const body: StartRun = { input: input as never, version: draft ? 'draft' : saver.base.basedOn, ...mode };
      if (!draft) body.use_pins = true;
      if (mode.only) body.pins = (await samples(mode.only)) as never;
      const run = await begin.mutateAsync(body);
      setStarted(run.id);
      setHidden('');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const run = id ? query.data : undefined;
  const loading = last.isPending || (id !== '' && query.isPending);
  return {
    run,
    place: run ? 'run' : loading ? 'loading' : chosen !== '' && chosen === hidden ? 'hidden' : 'none',
    own: started !== '' && started === id,
    busy,
    error,
    start,
    hide: () => setHidden(chosen),
    dismissError: () => setError(undefined),
  };
}
