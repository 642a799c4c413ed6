// The facts of a run in one strip, and in words why it is where it is.

import { Button } from '@mantine/core';
import { CircleX, Clock, Info, LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from '@/components/Link';
import { Panel } from '@/components/Panel';
import { Failed } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Duration, Id, Money, Tokens } from '@/components/Values';
import { formatAgo, formatNumber } from '@/lib/format';
import { kindOfId, shortId } from '@/lib/ids';
import type { Asks } from './Actions';
import { type Run, runHasEnded, useChildren, useWhy, type Why } from './queries';
import classes from './Run.module.css';
import { sentence, untilText } from './words';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const starters: Record<string, string> = {
  api_key: 'an API key',
  user: 'a person',
  session: 'a person',
  local: 'the command line',
  run: 'another run',
  bulk_action: 'a bulk action',
};

function StartedBy({ run }: { run: Run }) {
  const by = run.started_by;
  if (!by?.kind) return <>{run.trigger}</>;
  const id = by.id ?? '';
  const kind = kindOfId(id);
  return (
    <>
      {run.trigger}, by{' '}
      {kind === 'run' ? (
        <Link to="/runs/$id" params={{ id }}>
          {shortId(id)}
        </Link>
      ) : kind === 'bulk' ? (
        <Link to="/bulk-actions/$id" params={{ id }}>
          {shortId(id)}
        </Link>
      ) : kind ? (
        <>
          {starters[by.kind] ?? by.kind} <Id id={id} />
        </>
      ) : (
        (starters[by.kind] ?? by.kind)
      )}
    </>
  );
}

export function RunHead({ run }: { run: Run }) {
  const children = useChildren(run.id);
  const { totals, flow } = run;
  return (
    <Panel>
      <dl className={classes.facts}>
        <Fact name="Run">
          <Id id={run.id} />
        </Fact>
        <Fact name="Version that ran">
          <Link
            to="/flows/$id"
            params={{ id: flow.id ?? '' }}
            search={(flow.version ?? 0) > 0 ? { rev: String(flow.version) } : {}}
          >
            {(flow.version ?? 0) < 0 ? 'a draft' : `v${flow.version}`}
          </Link>
        </Fact>
        <Fact name="Duration">
          {run.started_at ? <Duration from={run.started_at} to={run.finished_at} /> : 'not begun'}
        </Fact>
        <Fact name="Made">
          <Ago time={run.created_at} />
        </Fact>
        <Fact name="Steps">{(totals?.steps ?? 0).toLocaleString('en-US')}</Fact>
        <Fact name="Tokens">
          <Tokens input={totals?.input_tokens} output={totals?.output_tokens} />
        </Fact>
        <Fact name="Cost">
          <Money usd={totals?.cost_usd ?? '0'} />
          {totals?.simulated && <span className="meta">simulated</span>}
        </Fact>
        <Fact name="Trigger">
          <StartedBy run={run} />
        </Fact>
        {run.project && <Fact name="Project">{run.project}</Fact>}
        {run.parent_run_id && (
          <Fact name={run.trigger === 'rerun' ? 'Done again from' : 'Came from'}>
            <Link to="/runs/$id" params={{ id: run.parent_run_id }}>
              {shortId(run.parent_run_id)}
            </Link>
            <Link to="/runs/$id/compare/$other" params={{ id: run.parent_run_id, other: run.id }}>
              Compare
            </Link>
          </Fact>
        )}
        {(children.data?.items?.length ?? 0) > 0 && (
          <Fact name="Runs from this one">
            {children.data!.items!.slice(0, 5).map((child) => (
              <span key={child.id} className="row">
                <StatusMark status={child.status} bare />
                <Link to="/runs/$id" params={{ id: child.id }} title={`${child.flow.name}, ${child.trigger}`}>
                  {shortId(child.id)}
                </Link>
              </span>
            ))}
            {(children.data!.items!.length > 5 || children.data!.next_cursor) && (
              <Link to="/runs" search={{ parent: run.id }}>
                All of them
              </Link>
            )}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

interface WhyPanelProps {
  run: Run;
  failures: number;
  onAsk: (asks: Asks) => void;
  onStep: (path: string) => void;
}

export function WhyPanel({ run, failures, onAsk, onStep }: WhyPanelProps) {
  const why = useWhy(run.id, run.status);
  if (!why.data || run.status === 'succeeded') {
    return why.isError ? (
      <Panel>
        <Failed error={why.error} what="The reason" onRetry={() => void why.refetch()} />
      </Panel>
    ) : null;
  }
  // The reason of before the end says nothing after it.
  if (runHasEnded(why.data.status) !== runHasEnded(run.status)) return null;
  const { code, text, error } = why.data;
  const open = openSteps(why.data);
  const letters = why.data.dead_letters ?? [];
  const Icon = failing.has(code) ? CircleX : code === 'running' ? LoaderCircle : runHasEnded(run.status) ? Info : Clock;
  const step = error?.step;
  return (
    <Panel>
      <div className={classes.why} data-why={code}>
        <Icon
          size={16}
          strokeWidth={1.75}
          aria-hidden
          style={{
            flexShrink: 0,
            marginTop: 2,
            color: `var(--state-${failing.has(code) ? 'failed' : code === 'running' ? 'running' : runHasEnded(run.status) ? 'queued' : 'waiting'})`,
          }}
        />
        <div className={classes.whyText}>
          <p>{sentence(text)}</p>
          {open.length > 0 && (
            <ul className={classes.open}>
              {open.map((one) => (
                <li key={one.path}>
                  <StatusMark status={one.status} bare />
                  <button type="button" className={classes.stepLink} onClick={() => onStep(one.path)}>
                    {one.path}
                  </button>
                  {one.code === 'waiting_signal' && (
                    <Button
                      size="xs"
                      onClick={() => onAsk({ what: 'signal', name: one.signal ?? '', key: one.key ?? '' })}
                    >
                      Send signal {one.signal}
                    </Button>
                  )}
                  {one.code === 'unknown_step' && (
                    <Button size="xs" onClick={() => onAsk({ what: 'decide', path: one.path })}>
                      Decide about step
                    </Button>
                  )}
                  {one.code === 'waiting_retry' && one.until && (
                    <span className="meta">next attempt {formatAgo(one.until)}</span>
                  )}
                  {one.code === 'waiting_timer' && one.until && (
                    <span className="meta">{untilText(one.until, Date.now())}</span>
                  )}
                </li>
              ))}
            </ul>
          )}
          {(step || letters.length > 0 || failures > 1) && (
            <div className={`${classes.chips} meta`}>
              {step && (
                <button type="button" className={classes.stepLink} onClick={() => onStep(step)}>
                  Show step {step}
                </button>
              )}
              {letters.map((letter) => (
                <Link key={letter} to="/dead-letters" search={{ by: 'letter', letter }}>
                  Dead letter {shortId(letter)}
                </Link>
              ))}
              {failures > 1 && <span>{formatNumber(failures, 'step')} failed; n goes to the next one.</span>}
            </div>
          )}
        </div>
      </div>
    </Panel>
  );
}

const failing: ReadonlySet<string> = new Set(['failed', 'timed_out', 'unknown_step']);

/** Those that need somebody, or a few that say what is waited for; a busy run's many steps are in the timeline. */
function openSteps(why: Why) {
  const steps = why.steps ?? [];
  const wanting = steps.filter((step) => step.code === 'unknown_step' || step.code === 'waiting_signal');
  return wanting.length > 0 ? wanting.slice(0, 5) : steps.length <= 3 ? steps : [];
}
