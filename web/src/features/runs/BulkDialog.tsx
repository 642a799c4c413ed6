// One thing done to many runs. By filter: the server counts first (a dry run with the filter as it understood it and five
// samples), then does it as a bulk action with a page of its own. By selection: exactly those rows, one after the other.

import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { asProblem } from '@/api/client';
import { Dialog } from '@/components/Dialog';
import { Link, useGo } from '@/components/Link';
import { Failed, Loading, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago, Id } from '@/components/Values';
import { formatNumber } from '@/lib/format';
import { actionText, type BulkFilter, type BulkKind, fitsKind, pastOf, verbOf } from './filters';
import { actOn, type BulkTerms, type Run, useBeginBulk, useBulkPreview } from './queries';
import classes from './Runs.module.css';

const says: Record<BulkKind, string> = {
  retry:
    'Each run goes on from its failed steps; what succeeded is not done again. Its timeout and attempts begin anew.',
  rerun: 'Each run is done again as a new run that names the old one; the old ones stay as they are.',
  cancel:
    'Steps that run now are cut off, compensations run, sub-runs are cancelled too. What was done outside stays done.',
};

export function Samples({ runs, total }: { runs: Run[]; total: number }) {
  return (
    <ul className={classes.samples} aria-label="Samples">
      {runs.map((run) => (
        <li key={run.id}>
          <StatusMark status={run.status} />
          <Id id={run.id} />
          <span className="ellipsis grow">{run.flow.name}</span>
          <Ago time={run.created_at} />
        </li>
      ))}
      {total > runs.length && <li className="quiet">and {formatNumber(total - runs.length, 'more', 'more')}</li>}
    </ul>
  );
}

interface DialogProps {
  kind: BulkKind;
  onClose: () => void;
}

export function BulkByFilter({ kind, filter, onClose }: DialogProps & { filter: BulkFilter }) {
  const go = useGo();
  const begin = useBeginBulk();
  const [code, setCode] = useState('');
  const [reason, setReason] = useState('');
  const [version, setVersion] = useState<'recorded' | 'live'>('recorded');
  const [canary, setCanary] = useState(1);
  const [rate, setRate] = useState(5);
  const [wantedCode] = useDebouncedValue(code.trim(), 300);
  // What is counted is what will be done: the filter of the moment the dialog opened.
  const terms = useMemo<BulkTerms>(
    () => ({
      action: kind,
      filter: { ...filter, ...(wantedCode ? { code: wantedCode } : {}) },
      canary: 1,
      rate_per_second: 5,
    }),
    [kind, filter, wantedCode],
  );
  const preview = useBulkPreview(terms);
  const total = preview.data?.total ?? 0;
  const start = async () => {
    const { id } = await begin.mutateAsync({
      ...terms,
      canary,
      rate_per_second: rate,
      ...(kind === 'rerun' ? { version } : reason ? { reason } : {}),
    });
    go({ to: '/bulk-actions/$id', params: { id } });
  };
  return (
    <Dialog onClose={onClose} size={640} title={`${verbOf[kind]}: all runs that fit the filter`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start().catch(() => undefined);
        }}
      >
        <p>{says[kind]}</p>
        {kind !== 'cancel' && (
          <TextInput
            label="Only with this error code"
            description="Such as upstream_failed or timeout; empty: any"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        {preview.isError ? (
          <Failed error={preview.error} what="The count" onRetry={() => void preview.refetch()} />
        ) : preview.isPending || wantedCode !== code.trim() ? (
          <Loading rows={4} />
        ) : (
          <section className="stack" aria-live="polite" data-preview={total}>
            <div>
              <strong>{formatNumber(total, 'run')}</strong> would be {pastOf[kind]}. The filter, as the server
              understood it:
            </div>
            <pre className={classes.filter}>{JSON.stringify(preview.data.filter, null, 1)}</pre>
            {total > 0 && <Samples runs={preview.data.samples} total={total} />}
          </section>
        )}
        {kind === 'rerun' ? (
          <Select
            label="Version"
            allowDeselect={false}
            value={version}
            onChange={(value) => setVersion(value === 'live' ? 'live' : 'recorded')}
            data={[
              { value: 'recorded', label: 'The version that each run had' },
              { value: 'live', label: 'The live version' },
            ]}
          />
        ) : (
          <TextInput
            label="Reason"
            description="For the runs' records"
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        <div className={classes.pace}>
          <NumberInput
            label="Canaries"
            description="So many first; one that does not succeed stops the rest"
            min={0}
            max={1000}
            allowDecimal={false}
            value={canary}
            onChange={(value) => setCanary(Number(value) || 0)}
          />
          <NumberInput
            label="Runs per second"
            description="The others, at this rate"
            min={0.01}
            max={1000}
            value={rate}
            onChange={(value) => setRate(Number(value) || 5)}
          />
        </div>
        <ProblemText error={begin.error} />
        <div className="row wrap" style={{ justifyContent: 'flex-end' }}>
          <Button onClick={onClose}>Back</Button>
          <Button
            type="submit"
            variant="filled"
            color={kind === 'cancel' ? 'danger' : undefined}
            loading={begin.isPending}
            disabled={!preview.data || total === 0 || wantedCode !== code.trim()}
          >
            {preview.data ? actionText(kind, total) : verbOf[kind]}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface Done {
  run: Run;
  id?: string;
  error?: unknown;
}

export function BulkBySelection({ kind, runs, onClose }: DialogProps & { runs: Run[] }) {
  const client = useQueryClient();
  const fitting = useMemo(() => runs.filter((run) => fitsKind(kind, run.status)), [runs, kind]);
  const [wanted] = useState(fitting);
  const others = runs.length - wanted.length;
  const [reason, setReason] = useState('');
  const [done, setDone] = useState<Done[]>();
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    const results: Done[] = [];
    for (const run of wanted) {
      try {
        results.push({ run, id: (await actOn(kind, run.id, reason)).id });
      } catch (error) {
        results.push({ run, error });
      }
      setDone([...results]);
    }
    setBusy(false);
    void client.invalidateQueries({ queryKey: ['runs'] });
  };
  const refused = done?.filter((one) => one.error !== undefined) ?? [];
  return (
    <Dialog
      onClose={() => !busy && onClose()}
      size={640}
      title={actionText(kind, wanted.length)}
      closeOnClickOutside={!busy}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (done) onClose();
          else void start();
        }}
      >
        <p>{says[kind]}</p>
        {others > 0 && (
          <p className="quiet">
            {formatNumber(others, 'selected run')} cannot be {pastOf[kind]} in the state{' '}
            {others === 1 ? 'it is' : 'they are'} in, and {others === 1 ? 'is' : 'are'} left as{' '}
            {others === 1 ? 'it is' : 'they are'}.
          </p>
        )}
        {wanted.length > 0 && !done && <Samples runs={wanted.slice(0, 5)} total={wanted.length} />}
        {kind !== 'rerun' && !done && (
          <TextInput
            label="Reason"
            description="For the runs' records"
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {done && (
          <p role="status">
            {done.length - refused.length} of {wanted.length} {pastOf[kind]}
            {refused.length > 0 && `, ${refused.length} refused`}.
          </p>
        )}
        {kind === 'rerun' && done && (
          <ul className={classes.samples}>
            {done.flatMap((one) =>
              one.id ? (
                <li key={one.id}>
                  <Link to="/runs/$id" params={{ id: one.id }}>
                    {one.id}
                  </Link>
                  <span className="quiet">again from {one.run.id}</span>
                </li>
              ) : (
                []
              ),
            )}
          </ul>
        )}
        {refused.length > 0 && (
          <ul className={classes.samples}>
            {refused.map((one) => (
              <li key={one.run.id}>
                <Id id={one.run.id} />
                <span className={classes.error}>{asProblem(one.error).message}</span>
              </li>
            ))}
          </ul>
        )}
        <div className="row wrap" style={{ justifyContent: 'flex-end' }}>
          {!done && <Button onClick={onClose}>Back</Button>}
          <Button
            type="submit"
            variant="filled"
            color={kind === 'cancel' && !done ? 'danger' : undefined}
            loading={busy}
            disabled={wanted.length === 0}
          >
            {done ? 'Close' : actionText(kind, wanted.length)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
