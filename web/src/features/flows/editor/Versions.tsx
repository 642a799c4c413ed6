// The history of a flow: who published what when, what changed, and going back.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useWhyNot } from '@/api/session';
import { Dialog } from '@/components/Dialog';
import { DiffView } from '@/components/data/DiffView';
import type { FlowDocument } from '@/components/data/flow';
import { Failed, Loaded, Loading, ProblemText } from '@/components/States';
import { StatusMark } from '@/components/StatusMark';
import { Ago } from '@/components/Values';
import flows from '../Flows.module.css';
import { flowQuery, useMakeLive, useVersions, versionQuery } from '../queries';
import { useParts } from './context';
import classes from './Dialogs.module.css';
import editor from './Editor.module.css';

export interface VersionsProps {
  document: FlowDocument;
  /** 0: none is chosen. */
  version: number;
  onVersion: (version: number) => void;
  /** Takes the version's document as the draft. */
  onTake: (version: number, document: FlowDocument) => void;
  onClose: () => void;
}

export function Versions({ document, version, onVersion, onTake, onClose }: VersionsProps) {
  const { flow: id, readOnly } = useParts();
  const versions = useVersions(id);
  const flow = useQuery(flowQuery(id));
  const live = flow.data?.data.live_version ?? undefined;
  return (
    <Dialog onClose={onClose} title="Versions" size="min(1100px, 96vw)">
      {versions.isPending ? (
        <Loading rows={6} />
      ) : versions.isError ? (
        <Failed error={versions.error} what="The history" onRetry={() => void versions.refetch()} />
      ) : (
        <div className={classes.versions}>
          <ul className={classes.versionList} aria-label="Versions">
            {versions.items.map((one) => (
              <li key={one.version}>
                <button
                  type="button"
                  className={classes.version}
                  aria-pressed={one.version === version}
                  onClick={() => onVersion(one.version)}
                >
                  <span className={editor.row}>
                    <strong>Version {one.version}</strong>
                    {one.version === live && <StatusMark status="active" word="live" />}
                  </span>
                  <span className={classes.note}>{one.note || 'no note'}</span>
                  <span className="meta">
                    <Ago time={one.created_at} /> by {one.created_by}
                  </span>
                </button>
              </li>
            ))}
            {versions.more.there && (
              <li>
                <Button size="xs" loading={versions.more.loading} onClick={versions.more.load}>
                  Show older versions
                </Button>
              </li>
            )}
          </ul>
          <div className={classes.versionBody}>
            {version > 0 ? (
              <OneVersion
                key={version}
                version={version}
                live={live}
                etag={flow.data?.etag ?? ''}
                document={document}
                onTake={readOnly ? undefined : onTake}
              />
            ) : (
              <p className="quiet">Choose a version to see what it changed.</p>
            )}
          </div>
        </div>
      )}
    </Dialog>
  );
}

interface OneProps {
  version: number;
  live: number | undefined;
  etag: string;
  document: FlowDocument;
  onTake?: VersionsProps['onTake'];
}

function OneVersion({ version, live, etag, document, onTake }: OneProps) {
  const { flow: id } = useParts();
  const [against, setAgainst] = useState<'before' | 'live' | 'draft'>(version > 1 ? 'before' : 'draft');
  const other = against === 'before' ? version - 1 : against === 'live' ? (live ?? version) : version;
  const query = useQuery(versionQuery(id, version));
  const compared = useQuery({ ...versionQuery(id, other), enabled: against !== 'draft' });
  const makeLive = useMakeLive(id);
  const whyNot = useWhyNot('flows:write');
  const ways = [
    { value: 'before' as const, label: `Version ${version - 1}`, there: version > 1 },
    { value: 'live' as const, label: `Live version ${live}`, there: live !== undefined && live !== version },
    { value: 'draft' as const, label: 'The draft', there: true },
  ];
  return (
    <Loaded query={query} what={`Version ${version}`}>
      {(mine) => (
        <>
          <div className={editor.row}>
            <span className="quiet">Against</span>
            {ways
              .filter((way) => way.there)
              .map((way) => (
                <Button
                  key={way.value}
                  size="xs"
                  variant={against === way.value ? 'filled' : 'default'}
                  aria-pressed={against === way.value}
                  onClick={() => setAgainst(way.value)}
                >
                  {way.label}
                </Button>
              ))}
          </div>
          {against === 'draft' ? (
            <DiffView
              kind="flow"
              before={mine.document}
              after={document}
              beforeLabel={`Version ${version}`}
              afterLabel="Draft"
              maxHeight="50vh"
            />
          ) : (
            <Loaded query={compared} what={`Version ${other}`}>
              {(old) => (
                <DiffView
                  kind="flow"
                  before={old.document}
                  after={mine.document}
                  beforeLabel={`Version ${other}`}
                  afterLabel={`Version ${version}`}
                  maxHeight="50vh"
                />
              )}
            </Loaded>
          )}
          <ProblemText error={makeLive.error} />
          <div className={flows.buttons}>
            {onTake && (
              <Button onClick={() => onTake(version, mine.document)}>Edit version {version} as the draft</Button>
            )}
            {version !== live && (
              <Button
                variant="filled"
                disabled={whyNot !== undefined}
                title={whyNot}
                loading={makeLive.isPending}
                onClick={() => makeLive.mutate({ version, etag })}
              >
                {live !== undefined && version < live
                  ? `Roll back to version ${version}`
                  : `Make version ${version} live`}
              </Button>
            )}
          </div>
        </>
      )}
    </Loaded>
  );
}
