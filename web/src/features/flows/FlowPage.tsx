import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useMe } from '@/api/session';
import type { FlowDocument } from '@/components/data/flow';
import { JsonView } from '@/components/data/JsonView';
import { Link, useWorkspaceName } from '@/components/Link';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Failed, Loading, NotFound, ProblemText } from '@/components/States';
import { canDraw } from './editor/Dialogs';
import { FlowEditor } from './editor/FlowEditor';
import { LocalCopies } from './editor/local';
import type { Opened } from './editor/session';
import { livingTabs, thisTab } from './editor/tab';
import { deleteDraft, fetchDraft, fetchFlow, flowQuery, nodeTypesQuery } from './queries';

/** Read anew for each visit: what was read before may be old, and edits begin at it. */
function useOpened(id: string, workspace: string, person: string) {
  const client = useQueryClient();
  return useQuery({
    // Not below "flows": a publication makes those old, and this one must not be read anew under the person's hands.
    queryKey: ['opened flow', workspace, id],
    queryFn: async ({ signal }): Promise<Opened> => {
      const [whole, draft, tab, isAlive] = await Promise.all([
        fetchFlow(id, signal),
        fetchDraft(id, signal),
        thisTab(),
        livingTabs(),
      ]);
      const flow = whole.data;
      client.setQueryData(flowQuery(id).queryKey, whole);
      return {
        flow: flow.id,
        workspace,
        document: draft?.document ?? (flow.document as unknown as FlowDocument),
        etag: draft?.etag ?? '',
        basedOn: draft?.basedOn ?? flow.version,
        copies: new LocalCopies(localStorage, `${workspace}/${person}/${flow.id}`, tab.id),
        isAlive,
      };
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    structuralSharing: false,
  });
}

export default function FlowPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const workspace = useWorkspaceName();
  // Another flow is another editor: nothing of one reaches the next.
  return <OneFlow key={`${workspace}/${id}`} id={id} workspace={workspace} />;
}

function OneFlow({ id, workspace }: { id: string; workspace: string }) {
  const person = useMe().principal.id;
  const opened = useOpened(id, workspace, person);
  const types = useQuery(nodeTypesQuery());
  const above = <Link to="/flows">Flows</Link>;
  const error = opened.error ?? types.error;
  if (opened.data && types.data) {
    if (canDraw(opened.data.document)) return <FlowEditor opened={opened.data} types={types.data} />;
    return (
      <Page title="Flow" above={above}>
        <Undrawable opened={opened.data} onGone={() => void opened.refetch()} />
      </Page>
    );
  }
  return (
    <Page title="Flow" above={above} ready={error !== null}>
      <Panel>
        {!error ? (
          <Loading height={480} />
        ) : (error as { status?: number }).status === 404 ? (
          <NotFound what="flow" back={{ to: '/flows', label: 'Show all flows' }} />
        ) : (
          <Failed
            error={error}
            what="The flow"
            onRetry={() => {
              void opened.refetch();
              void types.refetch();
            }}
          />
        )}
      </Panel>
    </Page>
  );
}

/** A draft that a program saved may be no graph at all. */
function Undrawable({ opened, onGone }: { opened: Opened; onGone: () => void }) {
  const [error, setError] = useState<unknown>();
  return (
    <Panel title="This draft cannot be drawn">
      <div className="stack">
        <p>
          It has no list of nodes, or edges that are none. A program or <code>sluice drafts save</code> put it there;
          published versions are not touched.
        </p>
        <div className="row">
          <Button
            color="danger"
            onClick={() => {
              deleteDraft(opened.flow, opened.etag).then(onGone, setError);
            }}
          >
            Discard draft
          </Button>
        </div>
        <ProblemText error={error} />
        <JsonView label="Draft" value={opened.document as never} />
      </div>
    </Panel>
  );
}
