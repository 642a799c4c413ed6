// The editor's dialogs: publish, versions, replace, discard, conflict, merge, test run.
import { useState } from 'react';
import { Problem } from '@/api/problem';
import { Confirm } from '@/components/Confirm';
import type { FlowDocument } from '@/components/data/flow';
import { isObject, type Json, parseJson } from '@/components/data/json';
import { useGo } from '@/components/Link';
import { DocumentText } from '../DocumentText';
import { deleteDraft, type Flow, fetchFlow, putDraft, putDraftText, useCreateFlow } from '../queries';
import { ConflictDialog } from './ConflictDialog';
import { useEditorState, useParts, useSaveState } from './context';
import { PublishDialog } from './PublishDialog';
import type { Opened } from './session';
import { TestRun } from './TestRun';
import type { Mode } from './useRuns';
import { Versions } from './Versions';

export type DialogName = 'publish' | 'versions' | 'replace' | 'discard';

export interface DialogsProps {
  opened: Opened;
  dialog: DialogName | '';
  onDialog: (name: DialogName | '') => void;
  version: number;
  onVersion: (version: number) => void;
  asked: Mode | undefined;
  onAsked: (mode: Mode | undefined) => void;
  input: string;
  onInput: (text: string) => void;
  onStart: (input: Json, mode: Mode) => void;
  conflictOpen: boolean;
  onConflictOpen: (open: boolean) => void;
  onPublished: (flow: Flow) => void;
  onMessage: (message: string) => void;
}

interface Merging {
  version: number;
  base: FlowDocument;
  theirs: FlowDocument;
}

export function Dialogs(props: DialogsProps) {
  const { flow, editor, saver, pinned } = useParts();
  const document = useEditorState((state) => state.document);
  const save = useSaveState();
  const [merging, setMerging] = useState<Merging>();
  const create = useCreateFlow();
  const go = useGo();
  const close = () => props.onDialog('');

  const published = (made: Flow) => {
    saver.reset({ document: editor.get().document, etag: '', basedOn: made.version });
    props.onMessage(
      made.live_version === made.version
        ? `Version ${made.version} is published and live.`
        : `Version ${made.version} is published; version ${made.live_version ?? 'none'} stays live.`,
    );
    props.onPublished(made);
  };
  // A flow has to be valid to be made, a draft has not: so the copy begins as the published version and gets mine as its draft.
  const copy = async () => {
    const { data: published } = await fetchFlow(flow);
    const now = new Date().toISOString().slice(0, 19).replaceAll(':', '.').replace('T', ' ');
    const name = `${String(document.name || published.name).slice(0, 70)} copy ${now}`;
    const base = { ...(published.document as unknown as FlowDocument), name };
    const made = await create.mutateAsync({ document: base, live: false });
    const workspace = props.opened.workspace;
    await putDraft(made.id, {
      document: { ...editor.get().document, name },
      etag: '',
      basedOn: made.version,
      workspace,
    });
    discardMine();
    go({ to: '/flows/$id', params: { id: made.id } });
  };
  const discardMine = () => {
    if (save.kind !== 'conflict') return;
    saver.resolve(save.theirs, save.theirs.document);
    editor.load(save.theirs.document);
  };
  const discardDraft = async () => {
    await saver.flush();
    if (saver.base.etag !== '') await deleteDraft(flow, saver.base.etag);
    const { data: whole } = await fetchFlow(flow);
    const next = whole.document as unknown as FlowDocument;
    saver.reset({ document: next, etag: '', basedOn: whole.version });
    editor.load(next);
  };
  return (
    <>
      {props.dialog === 'publish' && (
        <PublishDialog
          document={document}
          onPublished={published}
          onMerge={(version, base, theirs) => setMerging({ version, base, theirs })}
          onClose={close}
        />
      )}
      {props.dialog === 'versions' && (
        <Versions
          document={document}
          version={props.version}
          onVersion={props.onVersion}
          onTake={(version, taken) => {
            editor.edit(() => taken);
            props.onMessage(`The draft is version ${version} now; undo takes it back.`);
            close();
          }}
          onClose={close}
        />
      )}
      {props.dialog === 'replace' && <Replace workspace={props.opened.workspace} onClose={close} />}
      <Confirm
        opened={props.dialog === 'discard'}
        onClose={close}
        title="Discard draft?"
        action="Discard draft"
        danger
        onConfirm={discardDraft}
      >
        What you changed since version {saver.base.basedOn} is lost. Published versions stay.
      </Confirm>
      {props.conflictOpen && save.kind === 'conflict' && (
        <ConflictDialog
          base={save.base}
          mine={document}
          theirs={save.theirs.document}
          theirName={save.theirs.etag === '' ? `version ${save.theirs.basedOn}` : 'the other tab'}
          onMerge={(merged) => {
            saver.resolve(save.theirs, merged);
            editor.edit(() => merged);
          }}
          onCopy={copy}
          onOverwrite={() => saver.overwrite()}
          onDiscard={discardMine}
          onClose={() => props.onConflictOpen(false)}
        />
      )}
      {merging && (
        <ConflictDialog
          base={merging.base}
          mine={document}
          theirs={merging.theirs}
          theirName={`version ${merging.version}`}
          onMerge={(merged) => {
            saver.resolve(saver.base, merged, merging.version);
            editor.edit(() => merged);
            setMerging(undefined);
          }}
          onClose={() => setMerging(undefined)}
        />
      )}
      {props.asked && (
        <TestRun
          schema={document.input_schema}
          mode={props.asked}
          text={props.input}
          onText={props.onInput}
          pins={pinned.size}
          onStart={(input) => props.onStart(input, props.asked!)}
          onClose={() => props.onAsked(undefined)}
        />
      )}
    </>
  );
}

/** Another document in place of the draft: pasted or from a file. YAML is read by the server. */
function Replace({ workspace, onClose }: { workspace: string; onClose: () => void }) {
  const { flow, editor, saver } = useParts();
  const [text, setText] = useState('');
  const replace = async () => {
    const parsed = parseJson(text);
    let next: unknown = parsed.ok ? parsed.value : undefined;
    if (!parsed.ok) {
      await saver.flush();
      const saved = await putDraftText(flow, text, { etag: saver.base.etag, basedOn: saver.base.basedOn, workspace });
      saver.resolve(saved, saved.document);
      next = saved.document;
    }
    if (!canDraw(next)) {
      throw new Problem(-1, {
        title: 'This is no flow',
        detail: 'A flow is an object with a list of nodes, and edges between them.',
      });
    }
    editor.edit(() => next as FlowDocument);
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Replace draft"
      action="Replace draft"
      disabled={text.trim() === ''}
      onConfirm={replace}
    >
      <p className="meta">The whole draft becomes this document; undo takes it back.</p>
      <DocumentText value={text} onChange={setText} />
    </Confirm>
  );
}

/** Whether a document can be drawn: a draft may hold anything. */
export function canDraw(document: unknown): document is FlowDocument {
  if (!isObject(document)) return false;
  const objects = (list: unknown) => Array.isArray(list) && list.every(isObject);
  return objects(document.nodes) && (document.edges === undefined || objects(document.edges));
}
