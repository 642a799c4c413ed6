// Makes the draft the next version: what changes against the version that is live, and a note.
import { Button, Checkbox, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { asProblem } from '@/api/problem';
import { Dialog } from '@/components/Dialog';
import { DiffView } from '@/components/data/DiffView';
import type { FlowDocument } from '@/components/data/flow';
import { Loaded, ProblemText } from '@/components/States';
import classes from '../Flows.module.css';
import { type Flow, flowQuery, publishDraft, versionQuery } from '../queries';
import { useParts, useProblems, useSaveState } from './context';

export interface PublishProps {
  document: FlowDocument;
  onPublished: (flow: Flow) => void;
  /** The draft is behind: somebody published in the meantime. */
  onMerge: (version: number, base: FlowDocument, theirs: FlowDocument) => void;
  onClose: () => void;
}

export function PublishDialog({ document, onPublished, onMerge, onClose }: PublishProps) {
  const { flow: id, saver } = useParts();
  const state = useSaveState();
  const { problems } = useProblems();
  const [note, setNote] = useState('');
  const [live, setLive] = useState(true);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const flow = useQuery({ ...flowQuery(id), staleTime: 0 });
  // What the server has is what is published.
  useEffect(() => void saver.flush(), [saver]);
  const liveVersion = flow.data?.data.live_version ?? undefined;
  const basedOn = saver.base.basedOn;
  const behind = liveVersion !== undefined && liveVersion > basedOn;
  const compared = liveVersion ?? basedOn;
  const before = useQuery({ ...versionQuery(id, compared), enabled: flow.data !== undefined });
  const base = useQuery({ ...versionQuery(id, basedOn), enabled: behind });
  const errors = problems.filter((one) => one.severity === 'error').length;
  const saved = state.kind === 'saved' || state.kind === 'clean';
  const overtaken = asProblem(error).status === 409;

  const publish = async (force: boolean) => {
    setBusy(true);
    setError(undefined);
    try {
      await saver.flush();
      onPublished(await publishDraft(id, { etag: saver.base.etag, note: note.trim(), live, force }));
      onClose();
    } catch (failure) {
      setError(failure);
      void flow.refetch();
    } finally {
      setBusy(false);
    }
  };
  const nothing = state.kind === 'clean';
  return (
    <Dialog onClose={onClose} title="Publish draft" size="min(900px, 96vw)">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void publish(behind || overtaken);
        }}
      >
        <Stack gap="md">
          {nothing ? (
            <p>
              There is nothing to publish: the draft is version {basedOn}. Older versions are made live in “Versions”.
            </p>
          ) : (
            <>
              {behind && (
                <div role="alert">
                  <p>
                    <strong>Version {liveVersion} was published after this draft began</strong> (it is based on version{' '}
                    {basedOn}). Publishing replaces what that version changed; merging takes it into the draft.
                  </p>
                  <Button
                    size="xs"
                    disabled={!base.data || !before.data}
                    onClick={() => {
                      onClose();
                      onMerge(liveVersion, base.data!.document, before.data!.document);
                    }}
                  >
                    Merge version {liveVersion} into the draft
                  </Button>
                </div>
              )}
              <TextInput
                label="Note"
                description="What this version is for; it stands in the history."
                maxLength={1000}
                value={note}
                onChange={(event) => setNote(event.currentTarget.value)}
                data-autofocus
              />
              <Checkbox
                label="Make it live: new runs use it"
                checked={live}
                onChange={(event) => setLive(event.currentTarget.checked)}
              />
              <Loaded query={before} what={`Version ${compared}`}>
                {(version) => (
                  <DiffView
                    kind="flow"
                    before={version.document}
                    after={document}
                    beforeLabel={`Version ${compared}`}
                    afterLabel="Draft"
                    maxHeight="40vh"
                  />
                )}
              </Loaded>
              {errors > 0 && (
                <p className="error" role="alert">
                  The server finds mistakes in the draft ({errors}); it cannot be published until they are gone.
                </p>
              )}
            </>
          )}
          <ProblemText error={error} />
          <div className={classes.buttons}>
            <Button onClick={onClose} disabled={busy}>
              Back
            </Button>
            {!nothing && (
              <Button type="submit" variant="filled" loading={busy} disabled={!saved || errors > 0}>
                {behind || overtaken ? 'Publish all the same' : 'Publish version'}
              </Button>
            )}
          </div>
        </Stack>
      </form>
    </Dialog>
  );
}
