// Starts a run of the live version.
import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '@/components/Dialog';
import type { Json } from '@/components/data/json';
import { Link, useGo } from '@/components/Link';
import { Loaded } from '@/components/States';
import classes from './Flows.module.css';
import { flowQuery, useStartRun } from './queries';
import { RunForm } from './RunForm';

export interface RunFlowProps {
  flow: { id: string; name: string };
  onClose: () => void;
}

export function RunFlow({ flow, onClose }: RunFlowProps) {
  const query = useQuery({ ...flowQuery(flow.id), staleTime: 0 });
  return (
    <Dialog onClose={onClose} title={`Run ${flow.name}`} size="lg">
      <Loaded query={query} what="The flow">
        {({ data }) =>
          data.live_version === null ? (
            <Stack gap="md">
              <p>
                No version of this flow is live.{' '}
                <Link to="/flows/$id" params={{ id: flow.id }}>
                  Open it
                </Link>{' '}
                to publish one, or to run its draft.
              </p>
              <div className={classes.buttons}>
                <Button onClick={onClose} data-autofocus>
                  Back
                </Button>
              </div>
            </Stack>
          ) : (
            <RunLive flow={flow.id} version={data.live_version} schema={data.document.input_schema} onClose={onClose} />
          )
        }
      </Loaded>
    </Dialog>
  );
}

interface RunLiveProps {
  flow: string;
  version: number;
  schema: unknown;
  onClose: () => void;
}

function RunLive({ flow, version, schema, onClose }: RunLiveProps) {
  const [text, setText] = useState('{}');
  const start = useStartRun(flow);
  const go = useGo();
  const begin = async (input: Json) => {
    const run = await start.mutateAsync({ input: input as never });
    onClose();
    go({ to: '/runs/$id', params: { id: run.id } });
  };
  return (
    <RunForm
      schema={schema}
      text={text}
      onText={setText}
      action={`Run version ${version}`}
      busy={start.isPending}
      error={start.error}
      onStart={(input) => void begin(input).catch(() => {})}
      onClose={onClose}
    />
  );
}
