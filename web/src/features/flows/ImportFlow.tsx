// Takes a document: makes the flow that it names, or its next version.
import { Button, Checkbox, Stack } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '@/components/Dialog';
import { Link } from '@/components/Link';
import { ProblemText } from '@/components/States';
import { DocumentText } from './DocumentText';
import classes from './Flows.module.css';
import { type Flow, useImportFlow } from './queries';

const SAID: Record<string, string> = {
  created: 'The flow was created',
  updated: 'The flow has a new version',
  unchanged: 'The flow has this version already; nothing was changed',
};

export function ImportFlow({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [live, setLive] = useState(true);
  const [done, setDone] = useState<Flow>();
  const take = useImportFlow();
  return (
    <Dialog onClose={onClose} title="Import flow" size="lg">
      {done ? (
        <Stack gap="md">
          <p role="status">
            {SAID[done.change ?? 'updated']}:{' '}
            <Link to="/flows/$id" params={{ id: done.id }}>
              {done.name}
            </Link>
            , version {done.version}.
          </p>
          <div className={classes.buttons}>
            <Button onClick={() => setDone(undefined)}>Import another</Button>
            <Button variant="filled" onClick={onClose} data-autofocus>
              Done
            </Button>
          </div>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            take.mutateAsync({ text, live }).then(setDone, () => {});
          }}
        >
          <Stack gap="md">
            <p className="meta">
              A flow of the same name gets a new version; otherwise it is created. What <code>sluice flows export</code>{' '}
              and “Export” give is taken back.
            </p>
            <DocumentText value={text} onChange={setText} />
            <Checkbox
              label="Make it live: new runs use it"
              checked={live}
              onChange={(event) => setLive(event.currentTarget.checked)}
            />
            <ProblemText error={take.error} />
            <div className={classes.buttons}>
              <Button onClick={onClose}>Back</Button>
              <Button type="submit" variant="filled" loading={take.isPending} disabled={text.trim() === ''}>
                Import flow
              </Button>
            </div>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}
