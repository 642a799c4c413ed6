// Starts a run of the live version.
import { Button, Modal, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useGo } from '@/components/Link';
import { Loaded, ProblemText } from '@/components/States';
import classes from './Flows.module.css';
import { type FlowRow, flowQuery, useStartRun } from './queries';
import { inputOf, RunInput } from './RunInput';

export function RunFlow({ flow, onClose }: { flow: FlowRow; onClose: () => void }) {
  const [text, setText] = useState('{}');
  const query = useQuery(flowQuery(flow.id));
  const start = useStartRun(flow.id);
  const go = useGo();
  const input = inputOf(text);
  const submit = async () => {
    const run = await start.mutateAsync({ input: input?.value as never });
    onClose();
    go({ to: '/runs/$id', params: { id: run.id } });
  };
  return (
    <Modal opened onClose={onClose} title={`Run ${flow.name}`} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {flow.live_version === null ? (
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
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit().catch(() => {});
          }}
        >
          <Stack gap="md">
            <Loaded query={query} what="The flow">
              {({ data }) => <RunInput schema={data.document.input_schema} text={text} onText={setText} />}
            </Loaded>
            <ProblemText error={start.error} />
            <div className={classes.buttons}>
              <Button onClick={onClose}>Back</Button>
              <Button type="submit" variant="filled" loading={start.isPending} disabled={!input}>
                Run version {flow.live_version}
              </Button>
            </div>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
