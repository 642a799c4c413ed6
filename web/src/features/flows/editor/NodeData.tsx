// What a node gets and gives: the data of the last run (or what is pinned), beside its config.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Pin, PinOff, Play, StepForward } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { useWhyNot } from '@/api/session';
import { CodeEditor } from '@/components/data/CodeEditor';
import type { FlowNode } from '@/components/data/flow';
import { JsonView } from '@/components/data/JsonView';
import { type Json, parseJson } from '@/components/data/json';
import { ScopePicker } from '@/components/data/ScopePicker';
import { Loaded, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import { formatDuration } from '@/lib/format';
import { loadValue, pinQuery, stepAddress, usePin, useUnpin } from '../queries';
import { useEditorState, useParts } from './context';
import classes from './Editor.module.css';
import { useSecretNames } from './expressions';
import { useNodeStatus } from './live';
import { useRunner } from './runner';
import type { Sample } from './sample';

const MOST_PINNED = 1 << 20;

export function NodeInput({ sample }: { sample: Sample }) {
  const { live } = useParts();
  const document = useEditorState((state) => state.document);
  const run = useStore(live.store, (state) => state.run);
  const secrets = useSecretNames();
  const { runTo } = useRunner();
  const names = useMemo(
    () => new Map(document.nodes.filter((node) => node.name).map((node) => [node.id, String(node.name)])),
    [document],
  );
  return (
    <ScopePicker
      scope={sample.scope}
      order={sample.order}
      names={names}
      secrets={secrets}
      missing={(id) =>
        document.nodes.some((node) => node.id === id) && (
          <Button size="compact-xs" leftSection={<StepForward size={12} aria-hidden />} onClick={() => runTo(id)}>
            Run to {id}
          </Button>
        )
      }
      missingInput={run === '' ? <span className="meta">No run yet: “Test run” gives sample data.</span> : undefined}
    />
  );
}

export function NodeOutput({ node, top }: { node: FlowNode; top: boolean }) {
  const { live, flow, pinned } = useParts();
  const run = useStore(live.store, (state) => state.run);
  const status = useNodeStatus(live, node.id);
  const { runTo, runOnly, busy } = useRunner();
  const whyNot = useWhyNot('runs:write');
  const isPinned = top && pinned.has(node.id);
  const load = useMemo(
    () => (status?.bytes !== undefined && run ? loadValue(stepAddress(run, status.path)) : undefined),
    [run, status?.path, status?.bytes],
  );
  return (
    <div className={classes.form}>
      {top && (
        <div className={classes.row}>
          <Button
            size="xs"
            leftSection={<Play size={14} aria-hidden />}
            disabled={whyNot !== undefined || busy}
            title={whyNot ?? 'This node alone, with the sample outputs of those before it'}
            onClick={() => runOnly(node.id)}
          >
            Run node
          </Button>
          <Button
            size="xs"
            leftSection={<StepForward size={14} aria-hidden />}
            disabled={whyNot !== undefined || busy}
            title={whyNot ?? 'This node and all that leads to it'}
            onClick={() => runTo(node.id)}
          >
            Run to here
          </Button>
        </div>
      )}
      {isPinned ? (
        <Pinned flow={flow} node={node.id} />
      ) : status ? (
        <>
          <div className={classes.row}>
            <StatusMark status={status.status} />
            {status.took !== undefined && <span className="meta">{formatDuration(status.took)}</span>}
            {status.count > 1 && (
              <span className="meta">
                {status.done} of {status.count} done; shown: {status.path}
              </span>
            )}
          </div>
          {status.error && (
            <p className="error" role="note">
              <code>{status.error.code}</code> {status.error.message}
            </p>
          )}
          {load ? (
            <JsonView
              key={`${run}/${status.path}`}
              label="Output of the last run"
              load={load}
              root={['nodes', node.id, 'output']}
            />
          ) : (
            !status.error && <p className="meta">It has given no output in this run.</p>
          )}
        </>
      ) : (
        <p className="meta">
          {run ? 'It did not run in the run that is shown.' : 'There is no run of this flow yet.'} “Run to here” gives
          its output; or pin a sample.
        </p>
      )}
      {top && !isPinned && <PinOutput node={node.id} run={run} path={status?.path} bytes={status?.bytes} />}
    </div>
  );
}

function Pinned({ flow, node }: { flow: string; node: string }) {
  const pin = useQuery(pinQuery(flow, node));
  const unpin = useUnpin(flow);
  const whyNot = useWhyNot('flows:write');
  return (
    <Loaded query={pin} what="The pinned output">
      {(value) => (
        <>
          <div className={classes.row}>
            <Pin size={14} aria-hidden className={classes.violet} />
            <span>
              Pinned <Ago time={value.updated_at} />: test runs take it and do not execute the node.
            </span>
          </div>
          <JsonView label="Pinned output" value={value.output as Json} root={['nodes', node, 'output']} />
          <div className={classes.row}>
            <Button
              size="xs"
              leftSection={<PinOff size={14} aria-hidden />}
              loading={unpin.isPending}
              disabled={whyNot !== undefined}
              title={whyNot}
              onClick={() => unpin.mutate(node)}
            >
              Unpin output
            </Button>
          </div>
          <ProblemText error={unpin.error} />
        </>
      )}
    </Loaded>
  );
}

function PinOutput(props: { node: string; run: string; path: string | undefined; bytes: number | undefined }) {
  const { node, run, path, bytes } = props;
  const { flow } = useParts();
  const pin = usePin(flow);
  const whyNot = useWhyNot('flows:write');
  const [text, setText] = useState<string>();
  const [failed, setFailed] = useState<unknown>();
  const parsed = text === undefined ? undefined : parseJson(text);
  const fits = bytes !== undefined && bytes <= MOST_PINNED && path !== undefined && run !== '';
  const pinLast = async () => {
    try {
      setFailed(undefined);
      const part = await loadValue(stepAddress(run, path!))(0, MOST_PINNED);
      await pin.mutateAsync({ node, output: JSON.parse(part.text) as Json });
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <section className={classes.section} aria-label="Pin">
      <div className={classes.row}>
        {fits && (
          <Button
            size="xs"
            leftSection={<Pin size={14} aria-hidden />}
            disabled={whyNot !== undefined}
            title={whyNot}
            loading={pin.isPending}
            onClick={() => void pinLast()}
          >
            Pin this output
          </Button>
        )}
        {text === undefined && (
          <Button
            size="xs"
            variant="subtle"
            disabled={whyNot !== undefined}
            title={whyNot}
            onClick={() => setText('{\n  "text": ""\n}')}
          >
            Write a sample
          </Button>
        )}
      </div>
      {text !== undefined && (
        <>
          <CodeEditor
            label="Sample output"
            language="json"
            value={text}
            onChange={setText}
            autoFocus
            minHeight={80}
            maxHeight={240}
          />
          {parsed && !parsed.ok && <p className="error">This is no JSON: {parsed.message}</p>}
          <div className={classes.row}>
            <Button
              size="xs"
              variant="filled"
              disabled={!parsed?.ok}
              loading={pin.isPending}
              onClick={() => parsed?.ok && pin.mutate({ node, output: parsed.value })}
            >
              Pin sample
            </Button>
            <Button size="xs" onClick={() => setText(undefined)}>
              Back
            </Button>
          </div>
        </>
      )}
      <ProblemText error={failed ?? pin.error} />
    </section>
  );
}
