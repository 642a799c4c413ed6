// One run: what it is, why it is where it is, its steps over time, as a graph, and event by event; what can be done to it.

import { Checkbox, Tabs } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { asProblem } from '@/api/client';
import { FilterText } from '@/components/FilterBar';
import { Link } from '@/components/Link';
import { Page } from '@/components/Page';
import { Contained, Panel } from '@/components/Panel';
import { Failed, FilteredEmpty, Loading, NotFound } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { formatNumber } from '@/lib/format';
import { shortId } from '@/lib/ids';
import { useKeys } from '@/lib/keys';
import { useSearchParams } from '@/lib/search';
import { Asking, type Asks, RunButtons } from './Actions';
import { criticalPath } from './critical';
import { Events } from './Events';
import { Inspector } from './Inspector';
import { mostSteps, useChildren, useWhy } from './queries';
import classes from './Run.module.css';
import { RunHead, WhyPanel } from './RunHead';
import { pageSearch, views, wholeRun } from './search';
import { Timeline } from './Timeline';
import timelineClasses from './Timeline.module.css';
import { countsText, failedPaths, nextFailure, type Step, visibleRows } from './tree';
import { useModel } from './useModel';

const GraphView = lazy(() => import('./GraphView'));
const viewNames = { timeline: 'Timeline', graph: 'Graph', events: 'Events' } as const;
const costEntry = 'sluice.timeline.cost';

export default function RunPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const [values, set] = useSearchParams(pageSearch);
  const { view, step: selected, words, failed } = values;
  const inspects = selected !== '' && selected !== wholeRun;
  const model = useModel(id, view === 'events' || (inspects && values.tab === 'attempts'));
  const why = useWhy(id, model.run.data?.status);
  const children = useChildren(id);
  const { run, steps, tree, document, names, attempts, now, goesOn, range } = model;
  const [open, setOpen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [withCost, setWithCost] = useState(() => localStorage.getItem(costEntry) === '1');
  const [asks, setAsks] = useState<Asks>();

  const rows = useMemo(
    () => visibleRows(tree, { open, words, failedOnly: failed, selected, names }),
    [tree, open, words, failed, selected, names],
  );
  const critical = useMemo(() => criticalPath(tree, document, now || range.to), [tree, document, now, range.to]);
  const select = useCallback(
    (path: string) => set({ step: path, attempt: 0 }, selected === '' && path !== '' ? 'push' : 'replace'),
    [set, selected],
  );
  const toggle = (key: string, wanted: boolean) => setOpen(new Map(open).set(key, wanted));
  const failures = useMemo(() => failedPaths(tree).length, [tree]);

  // The keys act on what is selected; nothing selected counts as standing before the first row.
  const move = (by: number) => {
    const keys = [wholeRun, ...rows.map((row) => row.node.key)];
    const at = keys.indexOf(selected);
    select(keys[Math.max(0, Math.min(keys.length - 1, at + by))]!);
  };
  const row = rows.find((one) => one.node.key === selected);
  const close = () => {
    if (row?.opens && row.open) toggle(selected, false);
    else if (row?.node.parent) select(nearestRow(row.node.parent.key, rows));
  };
  const jump = (direction: 1 | -1) => {
    const next = nextFailure(tree, selected, direction);
    if (next) set({ step: next, attempt: 0, ...(view === 'events' ? { view: 'timeline' } : {}) });
  };
  const inTimeline = view === 'timeline' && !run.isError;
  useKeys('Run', [
    { keys: '1', does: 'Timeline', act: () => set({ view: 'timeline' }) },
    { keys: '2', does: 'Graph', act: () => set({ view: 'graph' }) },
    { keys: '3', does: 'Events', act: () => set({ view: 'events' }) },
    { keys: 'n', does: 'Next failure', act: () => jump(1) },
    { keys: 'Shift+n', does: 'Previous failure', act: () => jump(-1) },
    {
      keys: 'i',
      does: 'Input and output',
      act: () => set(selected === '' ? { step: wholeRun } : { tab: values.tab === 'output' ? 'input' : 'output' }),
    },
    { keys: 'r', does: 'Retry run', act: () => run.data && setAsks({ what: 'retry' }) },
    {
      keys: 'Shift+r',
      does: 'Run again from step',
      act: () => run.data && setAsks({ what: 'rerun', from: inspects ? selected : '' }),
    },
    ...(inTimeline
      ? [
          { keys: 'ArrowDown', does: 'Next step', act: () => move(1) },
          { keys: 'ArrowUp', does: 'Previous step', act: () => move(-1) },
          { keys: 'ArrowRight', does: 'Open', act: () => row?.opens && !row.open && toggle(selected, true) },
          { keys: 'ArrowLeft', does: 'Close', act: close },
        ]
      : []),
  ]);

  const above = <Link to="/runs">Runs</Link>;
  if (!run.data) {
    return (
      <Page title={`Run ${shortId(id)}`} above={above} ready={!run.isPending}>
        <Panel>
          {run.isPending ? (
            <Loading rows={8} />
          ) : asProblem(run.error).isMissing || asProblem(run.error).status === 400 ? (
            <NotFound
              what="run"
              detail={`${id} is not in this workspace. It may have been removed when its time to be kept was over.`}
              back={{ to: '/runs', label: 'All runs' }}
            />
          ) : (
            <Failed error={run.error} what="The run" onRetry={() => void run.refetch()} />
          )}
        </Panel>
      </Page>
    );
  }
  // What stands above the steps comes first, so that nothing moves once it is seen.
  const ready = !steps.isPending && !why.isPending && !children.isPending;
  if (!ready) {
    return (
      <Page
        title={run.data.flow.name ?? shortId(id)}
        above={above}
        mark={<StatusMark status={run.data.status} />}
        ready={false}
      >
        <Panel>
          <Loading rows={10} />
        </Panel>
      </Page>
    );
  }
  const node = tree.nodes.get(selected);
  const filtered = words !== '' || failed;
  const clear = () => set({ words: '', failed: false });
  return (
    <Page
      title={run.data.flow.name ?? shortId(id)}
      above={above}
      mark={<StatusMark status={run.data.status} />}
      actions={<RunButtons run={run.data} onAsk={setAsks} />}
      aside={
        selected !== '' && (
          <Inspector
            key={selected}
            model={model}
            path={selected}
            node={node}
            values={values}
            set={set}
            onAsk={setAsks}
            onClose={() => set({ step: '', attempt: 0 })}
          />
        )
      }
    >
      <RunHead run={run.data} />
      <WhyPanel run={run.data} failures={failures} onAsk={setAsks} onStep={select} />
      <Panel flush>
        <Tabs
          value={view}
          onChange={(next) => next && set({ view: next as (typeof views)[number] })}
          keepMounted={false}
          classNames={{ tab: classes.tab }}
        >
          <Tabs.List>
            {views.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {viewNames[one]}
              </Tabs.Tab>
            ))}
            {steps.data && <span className={classes.total}>{stepsText(steps.data.items, steps.data.total)}</span>}
          </Tabs.List>
          <Tabs.Panel value="timeline">
            <div className={timelineClasses.tools} role="search">
              <FilterText
                value={words}
                onChange={(next) => set({ words: next })}
                placeholder="Find a step by name or path"
              />
              <Checkbox
                label={`Failed only (${failures})`}
                checked={failed}
                disabled={failures === 0 && !failed}
                onChange={(event) => set({ failed: event.currentTarget.checked })}
              />
              <Checkbox
                label="Cost"
                checked={withCost}
                onChange={(event) => {
                  setWithCost(event.currentTarget.checked);
                  localStorage.setItem(costEntry, event.currentTarget.checked ? '1' : '');
                }}
              />
              <Legend />
            </div>
            {steps.isError && !steps.data ? (
              <Failed error={steps.error} what="The steps" onRetry={() => void steps.refetch()} />
            ) : rows.length === 0 && filtered ? (
              <FilteredEmpty what="steps" onClear={clear} />
            ) : (
              <Contained>
                <Timeline
                  run={run.data}
                  rows={rows}
                  range={range}
                  now={now}
                  goesOn={goesOn}
                  attempts={attempts}
                  critical={critical}
                  names={names}
                  selected={selected}
                  withCost={withCost}
                  height={`clamp(120px, ${(rows.length + 2) * 28 + 4}px, max(360px, calc(100dvh - 330px)))`}
                  onSelect={select}
                  onToggle={toggle}
                />
              </Contained>
            )}
            {steps.data && steps.data.total > steps.data.items.length && (
              <p className={classes.cut}>
                The first {mostSteps.toLocaleString('en-US')} of {formatNumber(steps.data.total, 'step')} are shown. The
                others: <code>sluice runs show {id} --steps</code>
              </p>
            )}
          </Tabs.Panel>
          <Tabs.Panel value="graph">
            <Suspense fallback={<Loading height={420} />}>
              <Contained>
                <GraphView
                  model={model}
                  inside={values.inside}
                  onInside={(inside) => set({ inside })}
                  selected={selected}
                  onSelect={select}
                />
              </Contained>
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="events">
            <Contained>
              <Events
                run={id}
                journal={model.journal}
                words={words}
                onWords={(next) => set({ words: next })}
                onStep={select}
              />
            </Contained>
          </Tabs.Panel>
        </Tabs>
      </Panel>
      {asks && <Asking model={model} asks={asks} onClose={() => setAsks(undefined)} />}
    </Page>
  );
}

/** The row that stands for a node: an item with one step is shown as that step. */
function nearestRow(key: string, rows: ReturnType<typeof visibleRows>): string {
  if (rows.some((one) => one.node.key === key)) return key;
  const container = key.endsWith(']') ? key.slice(0, key.lastIndexOf('[')) : key;
  return rows.some((one) => one.node.key === container) ? container : key;
}

function stepsText(steps: readonly Step[], total: number): string {
  const counts: Record<string, number> = {};
  for (const step of steps) counts[step.status] = (counts[step.status] ?? 0) + 1;
  return `${formatNumber(total, 'step')}: ${countsText(counts)}`;
}

function Legend() {
  return (
    <div className={timelineClasses.legend} aria-hidden>
      <span>
        <i className={timelineClasses.sample} data-kind="wait" /> waits
      </span>
      <span>
        <i className={timelineClasses.sample} data-kind="notch" /> another attempt
      </span>
      <span>
        <i className={timelineClasses.sample} data-kind="critical" /> critical path
      </span>
    </div>
  );
}
