// The life of one open draft: what it begins with, when it is saved, and what is kept in the browser until then. It belongs to one
// flow and one workspace; what the address says later does not matter to it.
import { useEffect, useRef } from 'react';
import { asProblem } from '@/api/problem';
import type { FlowDocument } from '@/components/data/flow';
import { fetchDraft, fetchFlow, putDraft } from '../queries';
import type { SaveStates } from './context';
import { type LocalCopies, type Opening, openingOf } from './local';
import { type Failure, Saver, type SaverParts, type SaveState } from './saver';
import { createEditor, type EditorStore } from './store';

export interface Opened {
  flow: string;
  workspace: string;
  document: FlowDocument;
  etag: string;
  basedOn: number;
  copies: LocalCopies | undefined;
  isAlive: (tab: string) => boolean;
}

export interface Session extends SaveStates {
  editor: EditorStore;
  saver: Saver;
  opening: Opening;
}

export function failureOf(error: unknown): Failure {
  const problem = asProblem(error);
  if (problem.status === 412 || problem.status === 428) return 'conflict';
  if (problem.isPassing || problem.status === 401) return 'away';
  return 'refused';
}

/** What the server has now: the draft, or the version that a new one would begin at. */
export async function readServer(flow: string) {
  const [draft, { data: whole }] = await Promise.all([fetchDraft(flow), fetchFlow(flow)]);
  if (draft) return { document: draft.document, etag: draft.etag, basedOn: draft.basedOn };
  return { document: whole.document as unknown as FlowDocument, etag: '', basedOn: whole.version };
}

function createSession(opened: Opened): Session {
  const watchers = new Set<() => void>();
  const { flow, workspace, copies } = opened;
  const server = { document: opened.document, etag: opened.etag, basedOn: opened.basedOn };
  const parts: SaverParts = {
    put: async (write) => {
      const draft = await putDraft(flow, { ...write, workspace });
      return { document: draft.document, etag: draft.etag, basedOn: draft.basedOn };
    },
    read: () => readServer(flow),
    failureOf,
    keep: (copy) => copies?.write(copy) ?? false,
    forget: () => copies?.remove(),
    now: () => Date.now(),
    after: (milliseconds, act) => {
      const timer = setTimeout(act, milliseconds);
      return () => clearTimeout(timer);
    },
  };
  const notify = () => {
    for (const watcher of watchers) watcher();
  };
  const saver = new Saver(parts, server, notify);
  const opening = openingOf(server, copies?.read(opened.isAlive));
  const first =
    opening.kind === 'restored' ? opening.document : opening.kind === 'conflict' ? opening.mine : server.document;
  const editor = createEditor(first);
  return {
    editor,
    saver,
    opening,
    watch: (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    get: (): SaveState => saver.state,
  };
}

/** What was not saved at the last visit goes to the server now, or is compared with what is there. */
function begin({ opening, editor, saver }: Session, { copies }: Opened): void {
  if (opening.kind === 'conflict') saver.conflict(opening.mine, opening.base);
  else if (opening.kind === 'server') copies?.remove();
  saver.change(editor.get().document);
}

/** Opens the draft, and saves it as long as the page is there. */
export function useSession(opened: Opened): Session {
  const made = useRef<Session | undefined>(undefined);
  made.current ??= createSession(opened);
  const session = made.current;
  useEffect(() => {
    const { editor, saver } = session;
    saver.start();
    begin(session, opened);
    const release = editor.store.subscribe((now, before) => {
      if (now.document !== before.document) saver.change(now.document);
    });
    const onHide = () => {
      if (document.visibilityState === 'hidden') void saver.flush(true);
    };
    const onLeave = () => void saver.flush(true);
    const onOnline = () => saver.wake();
    document.addEventListener('visibilitychange', onHide);
    addEventListener('pagehide', onLeave);
    addEventListener('online', onOnline);
    return () => {
      release();
      document.removeEventListener('visibilitychange', onHide);
      removeEventListener('pagehide', onLeave);
      removeEventListener('online', onOnline);
      void saver.flush(true).finally(() => saver.stop());
    };
  }, [session, opened]);
  return session;
}
