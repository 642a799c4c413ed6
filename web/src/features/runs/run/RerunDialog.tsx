// A run done again as a new run: from its start or from a step, with another input, other outputs of steps before, another version.

import { Button, Checkbox, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { Dialog } from '@/components/Dialog';
import { CodeEditor } from '@/components/data/CodeEditor';
import { STRUCTURE_LIMIT, sizeText } from '@/components/data/sizes';
import { useGo } from '@/components/Link';
import { Failed, Loading, ProblemText } from '@/components/States';
import { formatNumber } from '@/lib/format';
import { type DialogProps, jsonOf } from './Dialogs';
import { type Place, type Rerun, readWhole, runHasEnded, useLiveVersion } from './queries';
import classes from './Run.module.css';
import { redoneSteps } from './redone';
import { walk } from './tree';
import type { Model } from './useModel';
import { newerText } from './words';

/** Choosing among more steps than this is by typing its path. */
const mostOptions = 1000;

export function RerunDialog({
  run,
  actions,
  onClose,
  model,
  from: first,
}: DialogProps & { model: Model; from: string }) {
  const go = useGo();
  const ended = runHasEnded(run.status);
  const [from, setFrom] = useState(ended ? first : '');
  const [version, setVersion] = useState('recorded');
  const [input, setInput] = useState<string>();
  const [outputs, setOutputs] = useState<ReadonlyMap<string, string>>(new Map());
  const [adding, setAdding] = useState(false);
  const { tree, document, names } = model;

  const paths = useMemo(() => {
    const all = [...walk(tree)].filter((node) => node.step && node.step.status !== 'skipped');
    return all.map((node) => {
      const name = names.get(node.name);
      return { value: node.key, label: name ? `${node.key} (${name})` : node.key, status: node.step!.status };
    });
  }, [tree, names]);
  const again = useMemo(
    () => (document ? redoneSteps(tree, document, from, outputs.keys()) : undefined),
    [tree, document, from, outputs],
  );
  const before = useMemo(
    () => paths.filter((path) => path.status === 'succeeded' && (!again || from === '' || !again.has(path.value))),
    [paths, again, from],
  );
  const versions = useQuery({
    queryKey: ['flows', run.flow.id, 'versions'],
    queryFn: ({ signal }) =>
      data(
        api.GET('/api/v1/flows/{id}/versions', {
          params: { path: { id: run.flow.id ?? '' }, query: { limit: 50 } },
          signal,
        }),
      ),
    staleTime: 60_000,
  });

  const live = useLiveVersion(run.flow.id ?? '');
  const made = versions.data?.items?.find((one) => one.version === live)?.created_at;
  const newer = newerText(run.flow.version, live, made);

  const mistakes = [input, ...outputs.values()].some(
    (text) => text !== undefined && jsonOf(text).mistake !== undefined,
  );
  const loading = [...outputs.values()].some((text) => text === '');
  const start = async () => {
    const how: Rerun = {};
    if (from) how.from = from;
    if (input !== undefined) how.input = jsonOf(input).value ?? null;
    if (outputs.size > 0) {
      how.outputs = Object.fromEntries([...outputs].map(([path, text]) => [path, jsonOf(text).value ?? null]));
    }
    if (version === 'live') how.version = 'live';
    else if (version !== 'recorded') how.version = Number(version);
    const { id } = await actions.rerun.mutateAsync(how);
    onClose();
    go({ to: '/runs/$id', params: { id } });
  };
  const done = paths.filter((path) => path.status === 'succeeded' || path.status === 'failed').length;
  const redone = again ? paths.filter((path) => again.has(path.value)).length : undefined;
  return (
    <Dialog onClose={onClose} size={720} title="Run again">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          void start().catch(() => undefined);
        }}
      >
        <p>
          This makes a new run that names this one; this one stays as it is.{' '}
          {from === '' && outputs.size === 0
            ? 'Everything is done again.'
            : redone !== undefined
              ? `About ${formatNumber(redone, 'step')} ${redone === 1 ? 'is' : 'are'} done again, ${formatNumber(Math.max(0, done - redone), 'step')} ${done - redone === 1 ? 'is' : 'are'} taken over without being paid twice.`
              : 'What comes before is taken over without being paid twice.'}
        </p>
        <Select
          label="From"
          description={
            ended
              ? 'It and what comes after it is done again'
              : 'Runs that have not ended can only be done again as a whole'
          }
          placeholder="The start"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'From the start' }}
          disabled={!ended}
          limit={mostOptions}
          nothingFoundMessage="No such step"
          data={paths}
          value={from || null}
          onChange={(value) => {
            setFrom(value ?? '');
            // What is done again takes no other output.
            if (value && document) {
              const gone = redoneSteps(tree, document, value, []);
              setOutputs(new Map([...outputs].filter(([path]) => !gone.has(path))));
            }
          }}
        />
        <Select
          label="Version"
          description={newer || undefined}
          allowDeselect={false}
          value={version}
          onChange={(value) => setVersion(value ?? 'recorded')}
          data={[
            { value: 'recorded', label: `The one of this run (v${run.flow.version})` },
            { value: 'live', label: live ? `The live one (v${live})` : 'The live one' },
            ...(versions.data?.items ?? [])
              .filter((one) => one.version !== run.flow.version)
              .map((one) => ({
                value: String(one.version),
                label: `v${one.version}${one.note ? `, ${one.note}` : ''}`,
              })),
          ]}
        />
        <Checkbox
          label="Another input"
          checked={input !== undefined}
          onChange={(event) => setInput(event.currentTarget.checked ? '' : undefined)}
        />
        {input !== undefined && (
          <ValueEditor label="Input" place={{ run: run.id, of: 'input' }} text={input} onChange={setInput} />
        )}
        {[...outputs].map(([path, text]) => (
          <div key={path} className={classes.form}>
            <div className="row">
              <span className="grow">
                Output of <code>{path}</code>
              </span>
              <Button
                size="xs"
                variant="subtle"
                leftSection={<X size={14} aria-hidden />}
                onClick={() => {
                  const rest = new Map(outputs);
                  rest.delete(path);
                  setOutputs(rest);
                }}
              >
                Leave as it was
              </Button>
            </div>
            <ValueEditor
              label={`Output of ${path}`}
              place={{ run: run.id, step: path }}
              text={text}
              onChange={(next) => setOutputs(new Map(outputs).set(path, next))}
            />
          </div>
        ))}
        {adding ? (
          <Select
            label="Which step's output"
            placeholder="Choose a step that succeeded"
            searchable
            autoFocus
            limit={mostOptions}
            nothingFoundMessage="No such step before it"
            data={before.filter((path) => !outputs.has(path.value))}
            value={null}
            onChange={(value) => {
              if (value) setOutputs(new Map(outputs).set(value, ''));
              setAdding(false);
            }}
          />
        ) : (
          <div>
            <Button
              size="xs"
              disabled={!ended || before.length === 0}
              leftSection={<Plus size={14} aria-hidden />}
              onClick={() => setAdding(true)}
            >
              Edit a step's output
            </Button>
          </div>
        )}
        <ProblemText error={actions.rerun.error} />
        <div className={classes.formEnd}>
          <Button onClick={onClose}>Back</Button>
          <Button
            type="submit"
            variant="filled"
            loading={actions.rerun.isPending}
            disabled={mistakes || loading || input === ''}
          >
            {from ? `Run again from ${from}` : 'Run again'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ValueEditorProps {
  label: string;
  place: Place;
  text: string;
  onChange: (text: string) => void;
}

/** The value as it was, to edit. What is too large for an editor says so. */
function ValueEditor({ label, place, text, onChange }: ValueEditorProps) {
  const value = useQuery({
    queryKey: ['run', place.run, 'value', place],
    queryFn: () => readWhole(place, STRUCTURE_LIMIT),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [touched, setTouched] = useState(false);
  const old = value.data === undefined ? '' : JSON.stringify(value.data, null, 2);
  if (!touched && text === '' && old !== '') queueMicrotask(() => onChange(old));
  if (value.isPending) return <Loading rows={3} />;
  if (value.isError) return <Failed error={value.error} what="The value" onRetry={() => void value.refetch()} />;
  if (value.data === undefined) {
    return (
      <p className={classes.note}>
        The value has more than {sizeText(STRUCTURE_LIMIT)}, too much for an editor. Give it on the command line:{' '}
        <code>sluice runs rerun {place.run}</code> with <code>--{'step' in place ? 'outputs' : 'input'} @FILE</code>
      </p>
    );
  }
  const { mistake } = jsonOf(text);
  return (
    <div>
      <CodeEditor
        label={label}
        language="json"
        value={text}
        onChange={(next) => {
          setTouched(true);
          onChange(next);
        }}
        minHeight={96}
        maxHeight={280}
      />
      {mistake && <p className="error">{mistake}</p>}
    </div>
  );
}
