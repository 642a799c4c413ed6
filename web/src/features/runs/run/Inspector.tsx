// What is known of the selected step: its value or error, what it was given, its attempts, a model's messages.

import { Button, NumberInput, Tabs } from '@mantine/core';
import { useState } from 'react';
import { useWhyNot, useWorkspace } from '@/api/session';
import { JsonView } from '@/components/data/JsonView';
import { Sheet } from '@/components/Sheet';
import { Loading } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Duration, Id, Money, Tokens } from '@/components/Values';
import { formatNumber, formatTime } from '@/lib/format';
import type { Asks } from './Actions';
import { Attempts } from './Attempts';
import type { Usage } from './journal';
import { Messages } from './Messages';
import { downloadOf, type Place, runHasEnded, useParts } from './queries';
import classes from './Run.module.css';
import { StepGiven } from './StepGiven';
import { type PageSearch, wholeRun } from './search';
import { spanOf } from './timeline';
import { countsOf, countsText, isFailure, partsOfPath, statusOf, type TreeNode } from './tree';
import type { Model } from './useModel';
import { furtherDetails } from './words';

export interface InspectorProps {
  model: Model;
  path: string;
  /** Of the path; absent where the run has no such step. */
  node?: TreeNode;
  values: PageSearch;
  set: (change: Partial<PageSearch>) => void;
  onAsk: (asks: Asks) => void;
  onClose: () => void;
}

// Arrows inside belong to what is inside, not to the tree beside it.
const keepArrows = (event: React.KeyboardEvent) => {
  if (event.key.startsWith('Arrow')) event.stopPropagation();
};

export function Inspector(props: InspectorProps) {
  const { path, node, model, onClose } = props;
  const parts = partsOfPath(path);
  const name = model.names.get(parts.at(-1)!.node);
  const title = path === wholeRun ? 'The whole run' : (name ?? path.slice(path.lastIndexOf('/') + 1));
  return (
    <Sheet title={<span title={path}>{title}</span>} onClose={onClose}>
      <div className="stack" role="group" aria-label="Step" onKeyDown={keepArrows} data-inspector={path}>
        {path === wholeRun ? (
          <WholeRun {...props} />
        ) : node?.step ? (
          <OneStep {...props} node={node} />
        ) : node ? (
          <Group {...props} node={node} />
        ) : model.steps.isPending ? (
          <Loading rows={6} />
        ) : (
          <p className={classes.note}>
            This run has no step <code>{path}</code>. It may be one of another version of the flow.
          </p>
        )}
      </div>
    </Sheet>
  );
}

function Value({ place, label, renewal, root }: { place: Place; label: string; renewal: unknown; root?: string[] }) {
  const load = useParts(place, renewal);
  const workspace = useWorkspace();
  return (
    <JsonView
      key={String(renewal)}
      label={label}
      load={load}
      root={root}
      downloadHref={downloadOf(place)}
      artifactHref={(id) => `/api/v1/artifacts/${id}/content?workspace=${encodeURIComponent(workspace.name)}`}
    />
  );
}

function WholeRun({ model, values, set }: InspectorProps) {
  const run = model.run.data!;
  const tab = values.tab === 'output' ? 'output' : 'input';
  return (
    <>
      {run.error && <ErrorBox error={run.error} />}
      <Tabs value={tab} onChange={(next) => set({ tab: next as 'input' })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="output">Output</Tabs.Tab>
          <Tabs.Tab value="input">Input</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="output" pt="md">
          {run.masked ? (
            <Masked />
          ) : run.status === 'succeeded' ? (
            <Value place={{ run: run.id, of: 'output' }} label="Output" renewal={run.finished_at} />
          ) : (
            <p className="quiet">
              {runHasEnded(run.status) ? 'It gave nothing, because it did not succeed.' : 'It has not ended yet.'}
            </p>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="input" pt="md">
          {run.masked ? (
            <Masked />
          ) : (
            <Value place={{ run: run.id, of: 'input' }} label="Input" renewal={0} root={['input']} />
          )}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

const Masked = () => <p className={classes.note}>Your role may see the run, but not its data (runs:data).</p>;

function ErrorBox({ error }: { error: { code?: string; message?: string | null; details?: unknown } }) {
  const details = furtherDetails(error.message, error.details);
  return (
    <div className={classes.problem} role="group" aria-label="Error">
      <strong>{error.code}</strong>
      {error.message ? `\n${error.message}` : '\nThe message is not shown to your role (runs:data).'}
      {details !== undefined && <pre>{JSON.stringify(details, null, 2)}</pre>}
    </div>
  );
}

function OneStep(props: InspectorProps & { node: TreeNode }) {
  const { model, node, path, values, set, onAsk } = props;
  const step = node.step!;
  const run = model.run.data!;
  const mayNot = useWhyNot('runs:write');
  const usage = step.usage as Usage | undefined;
  const attempts = model.attempts?.get(path);
  const isModel = step.type.startsWith('llm.') || step.type.startsWith('agent');
  const ended = runHasEnded(run.status);
  const hasValue = ['succeeded', 'failed', 'timed_out'].includes(step.status);
  const allTabs = ['output', 'input', 'attempts', ...(isModel ? ['messages'] : [])];
  const tab = values.attempt > 0 ? 'attempts' : allTabs.includes(values.tab) ? values.tab : 'output';
  return (
    <>
      <div className={classes.chips}>
        <StatusMark status={step.status} />
        <span className="quiet">{step.type}</span>
        <Id id={path} whole />
      </div>
      <dl className={classes.facts}>
        {step.started_at && !step.reused && (
          <Pair name="Took">
            <Duration from={step.started_at} to={step.finished_at} />
          </Pair>
        )}
        {step.started_at && (
          <Pair name="Began">
            <Ago time={step.started_at} />
          </Pair>
        )}
        {(step.attempts ?? 0) > 1 && <Pair name="Attempts">{step.attempts}</Pair>}
        {usage?.model && <Pair name="Model">{usage.model}</Pair>}
        {usage && (
          <Pair name="Tokens">
            <Tokens input={usage.input_tokens} output={usage.output_tokens} />
          </Pair>
        )}
        {usage?.cost_usd && (
          <Pair name="Cost">
            <Money usd={usage.cost_usd} />
            {usage.simulated && <span className="meta">simulated</span>}
          </Pair>
        )}
        {step.reused && <Pair name="Reused">taken over, not done again: no tokens, no cost</Pair>}
        {step.items !== undefined && <Pair name="Items">{step.items.toLocaleString('en-US')}</Pair>}
        {step.waiting_until && !step.finished_at && <Pair name="Waits until">{formatTime(step.waiting_until)}</Pair>}
        {step.waiting_for && (
          <Pair name="Waits for">
            {`signal ${String((step.waiting_for as { signal?: unknown }).signal ?? '')}`}
            {(step.waiting_for as { key?: unknown }).key
              ? ` with key ${String((step.waiting_for as { key?: unknown }).key)}`
              : ''}
          </Pair>
        )}
      </dl>
      {step.error && <ErrorBox error={step.error} />}
      {isFailure(step.status) && <WhatNext step={path} model={model} onAsk={onAsk} />}
      {node.children.length > 0 && <ItemPicker node={node} set={set} />}
      {(step.artifacts?.length ?? 0) > 0 && (
        <div className={classes.chips}>
          {step.artifacts!.map((artifact) => (
            <a key={artifact} href={`/api/v1/artifacts/${artifact}/content`} download>
              {artifact}
            </a>
          ))}
        </div>
      )}
      <div className="row wrap">
        {ended && (
          <Button
            size="xs"
            data-disabled={mayNot ? true : undefined}
            title={mayNot}
            onClick={() => !mayNot && onAsk({ what: 'rerun', from: path })}
          >
            Run again from here
          </Button>
        )}
        {step.status === 'unknown' && (
          <Button size="xs" onClick={() => onAsk({ what: 'decide', path })}>
            Decide about step
          </Button>
        )}
      </div>
      <Tabs value={tab} onChange={(next) => set({ tab: next as 'output', attempt: 0 })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="output">{isFailure(step.status) ? 'Result' : 'Output'}</Tabs.Tab>
          <Tabs.Tab value="input">Input</Tabs.Tab>
          <Tabs.Tab value="attempts">{`Attempts${(step.attempts ?? 0) > 1 ? ` (${step.attempts})` : ''}`}</Tabs.Tab>
          {isModel && <Tabs.Tab value="messages">Messages</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="output" pt="md">
          {run.masked ? (
            <Masked />
          ) : hasValue ? (
            <Value
              place={{ run: run.id, step: path }}
              label={isFailure(step.status) ? 'Error' : 'Output'}
              renewal={step.finished_at}
              root={isFailure(step.status) ? undefined : ['nodes', node.name, 'output']}
            />
          ) : (
            <p className="quiet">{emptyText[step.status] ?? 'It has not ended yet.'}</p>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="input" pt="md">
          {run.masked ? <Masked /> : <StepGiven model={model} path={path} onStep={(to) => set({ step: to })} />}
        </Tabs.Panel>
        <Tabs.Panel value="attempts" pt="md">
          <Attempts
            run={run.id}
            attempts={attempts}
            loading={model.journal.isPending}
            open={values.attempt}
            onOpen={(attempt) => set({ attempt, tab: 'attempts' })}
          />
        </Tabs.Panel>
        {isModel && (
          <Tabs.Panel value="messages" pt="md">
            {run.masked ? <Masked /> : <Messages model={model} path={path} />}
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}

const emptyText: Record<string, string> = {
  skipped: 'It was not needed: none of the edges that lead to it was taken.',
  pending: 'It has not begun.',
  cancelled: 'It was cut off, and gave nothing.',
  unknown: 'Nobody knows how it ended.',
};

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What comes of a failure, and what can be done about it. */
function WhatNext({ step, model, onAsk }: { step: string; model: Model; onAsk: (asks: Asks) => void }) {
  const run = model.run.data!;
  const ended = runHasEnded(run.status);
  const atFault = run.error?.step === step;
  if (atFault && ended) {
    return (
      <div className={classes.note}>
        <p>This ended the run. What succeeded before is kept.</p>
        <div className="row wrap">
          <Button size="xs" onClick={() => onAsk({ what: 'retry' })}>
            Retry run
          </Button>
          <Button size="xs" onClick={() => onAsk({ what: 'rerun', from: step })}>
            Run again with other data
          </Button>
        </div>
      </div>
    );
  }
  if (model.tree.nodes.get(step)?.step?.status === 'unknown') {
    return <p className={classes.note}>The run waits until somebody decides how this step ended.</p>;
  }
  const caught = !ended || run.status === 'succeeded';
  return (
    <p className={classes.note}>
      {caught
        ? 'The run went on: an error edge, the container around it or “continue” took this failure.'
        : 'The run ended for another reason; this failure was taken by an edge or by the container around it.'}
    </p>
  );
}

/** Leads to an item of a container by its number, or to its next failure. */
function ItemPicker({ node, set }: { node: TreeNode; set: (change: Partial<PageSearch>) => void }) {
  const [wanted, setWanted] = useState<number | string>('');
  const failed = node.children.filter((item) => isFailure(statusOf(item)));
  const open = (item: TreeNode | undefined) => {
    if (!item) return;
    set({ step: item.children.length === 1 ? item.children[0]!.key : item.key, attempt: 0 });
  };
  return (
    <form
      className="row wrap"
      onSubmit={(event) => {
        event.preventDefault();
        open(node.children.find((item) => item.name === String(wanted)));
      }}
    >
      <span>{countsText(countsOf(node))}</span>
      <NumberInput
        aria-label="Number of the item"
        placeholder="Item"
        w={84}
        min={0}
        allowDecimal={false}
        value={wanted}
        onChange={setWanted}
      />
      <Button size="xs" type="submit" disabled={!node.children.some((item) => item.name === String(wanted))}>
        Show item
      </Button>
      {failed.length > 0 && (
        <Button size="xs" onClick={() => open(failed[0])}>
          Show first of {formatNumber(failed.length, 'failed item')}
        </Button>
      )}
    </form>
  );
}

/** An item or turn: its steps. */
function Group({ node, model, set }: InspectorProps & { node: TreeNode }) {
  const span = spanOf(node, model.now || model.range.to);
  return (
    <>
      <div className={classes.chips}>
        <StatusMark status={statusOf(node)} />
        <Id id={node.key} whole />
      </div>
      {span && (
        <p>
          <Duration from={new Date(span.from).toISOString()} to={new Date(span.to).toISOString()} />,{' '}
          {countsText(countsOf(node))}
        </p>
      )}
      <ul className={classes.open} aria-label="Steps of this item">
        {node.children.map((child) => (
          <li key={child.key}>
            <StatusMark status={statusOf(child)} bare />
            <button type="button" className={classes.stepLink} onClick={() => set({ step: child.key })}>
              {child.name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
