// The run whose data is shown: its state, a link to it, and how to stop it.
import { ActionIcon, Button } from '@mantine/core';
import { Ban, ExternalLink, X } from 'lucide-react';
import { Link } from '@/components/Link';
import { ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Duration, Money } from '@/components/Values';
import { useCancelRun } from '../queries';
import classes from './Editor.module.css';
import { hasEnded, type TestRuns } from './useRuns';

export function RunBar({ runs }: { runs: TestRuns }) {
  const cancel = useCancelRun();
  const { run } = runs;
  if (runs.error) {
    return (
      <div className={classes.runBar} data-failed="">
        <div className="grow">
          <ProblemText error={runs.error} />
        </div>
        <ActionIcon size="sm" aria-label="Close message" onClick={runs.dismissError}>
          <X size={14} />
        </ActionIcon>
      </div>
    );
  }
  if (runs.place === 'hidden') return null;
  if (!run) {
    return (
      <div className={classes.runBar} aria-busy={runs.place === 'loading' || undefined}>
        {runs.place === 'none' && <span className="quiet">No run yet: a test run shows here what each node does.</span>}
      </div>
    );
  }
  const version = run.flow.version ?? 0;
  return (
    <div className={classes.runBar} role="status" aria-label="Test run" data-status={run.status}>
      <span className="quiet">{runs.own ? 'Test run' : 'Last run'}</span>
      <StatusMark status={run.status} />
      <span className={`quiet ${classes.runMore}`}>{version < 0 ? 'of a draft' : `of version ${version}`}</span>
      {run.started_at && <Duration from={run.started_at} to={run.finished_at} />}
      <span className={classes.runMore}>
        <Money usd={Number(run.totals?.cost_usd ?? 0) > 0 ? run.totals?.cost_usd : undefined} />
      </span>
      {!runs.own && (
        <span className={classes.runMore}>
          <Ago time={run.created_at} />
        </span>
      )}
      {run.error && <span className="error ellipsis">{run.error.message}</span>}
      <span className="grow" />
      {!hasEnded(run) && (
        <Button
          size="compact-xs"
          leftSection={<Ban size={12} aria-hidden />}
          loading={cancel.isPending}
          onClick={() => cancel.mutate(run.id)}
        >
          Cancel run
        </Button>
      )}
      <Link to="/runs/$id" params={{ id: run.id }} className={classes.runLink}>
        Open run <ExternalLink size={12} aria-hidden />
      </Link>
      <ActionIcon size="sm" aria-label="Hide run" onClick={runs.hide}>
        <X size={14} />
      </ActionIcon>
    </div>
  );
}
