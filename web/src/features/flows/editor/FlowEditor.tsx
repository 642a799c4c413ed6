// The editor of one flow: canvas, palette, inspector, and what is done with the draft.
import { Button, SegmentedControl } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { useWhyNot } from '@/api/session';
import type { CodeEditorHandle } from '@/components/data/CodeEditor';
import { bodyOf, type NodeTypeInfo } from '@/components/data/graph';
import type { Json } from '@/components/data/json';
import { layoutGraph } from '@/components/data/layout';
import { Link } from '@/components/Link';
import { Page } from '@/components/Page';
import { integer, oneOf, searchParams, text, useSearchParams } from '@/lib/search';
import { type NodeType, pinsQuery } from '../queries';
import { RunFlow } from '../RunFlow';
import { addKind, layOut } from './actions';
import { Canvas, type CanvasHandle } from './Canvas';
import { CanvasTools, Crumbs } from './CanvasTools';
import { EditorContext, type EditorParts, ProblemsContext, SaveContext, useSaveState } from './context';
import { type DialogName, Dialogs } from './Dialogs';
import classes from './Editor.module.css';
import { EditorActions } from './EditorActions';
import { boxOf } from './geometry';
import { Inspector, type InspectorTab } from './Inspector';
import { JsonPane } from './JsonPane';
import { type Joining, joining } from './joining';
import { pressOnCanvas, useClipboard, useEditorKeys } from './keys';
import { createLive } from './live';
import type { Problem } from './mistakes';
import { Palette } from './Palette';
import { Picks, type Wanted } from './Picks';
import { ProblemsButton, ProblemsList } from './Problems';
import { RunBar } from './RunBar';
import { RunnerContext } from './runner';
import { SaveMark } from './SaveMark';
import { StepList } from './StepList';
import { type Opened, type Session, useSession } from './session';
import type { Point } from './store';
import { useJudge } from './useJudge';
import { type Mode, useTestRuns } from './useRuns';

const search = searchParams({
  node: text(),
  view: oneOf(['canvas', 'steps', 'json']),
  tab: oneOf(['setup', 'input', 'output'], 'setup'),
  dialog: oneOf(['publish', 'versions', 'replace', 'discard']),
  rev: integer(0, 0),
});

export interface FlowEditorProps {
  opened: Opened;
  types: ReadonlyMap<string, NodeType & NodeTypeInfo>;
}

export function FlowEditor({ opened, types }: FlowEditorProps) {
  const session = useSession(opened);
  return (
    <SaveContext value={session}>
      <Whole opened={opened} types={types} session={session} />
    </SaveContext>
  );
}

function Whole({ opened, types, session }: FlowEditorProps & { session: Session }) {
  const { editor, saver } = session;
  const { flow } = opened;
  const [values, set] = useSearchParams(search);
  // The address names the selected node; opened with one the editor begins there.
  useState(() => values.node !== '' && editor.show(values.node));
  const client = useQueryClient();
  const whyNot = useWhyNot('flows:write');
  const document = useStore(editor.store, (state) => state.document);
  const container = useStore(editor.store, (state) => state.container);
  const selection = useStore(editor.store, (state) => state.selection);
  const [live] = useState(createLive);
  const pins = useQuery(pinsQuery(flow));
  const pinned = useMemo(() => new Set((pins.data?.items ?? []).map((one) => one.node)), [pins.data]);
  const judged = useJudge(flow, document);
  const runs = useTestRuns(flow, editor, saver, live);
  const save = useSaveState();
  const phone = useMediaQuery('(max-width: 639px)', innerWidth < 640, { getInitialValueInEffect: false });
  const roomy = useMediaQuery('(min-width: 1280px)', innerWidth >= 1280, { getInitialValueInEffect: false });
  const view = values.view || (phone ? 'steps' : 'canvas');
  const readOnly = whyNot ?? (phone && view === 'canvas' ? 'On a phone the graph is only looked at.' : '');
  const canvas = useRef<CanvasHandle>(null);
  const code = useRef<CodeEditorHandle>(null);
  const [wanted, setWanted] = useState<Wanted>();
  const [problemsOpen, setProblemsOpen] = useState(false);
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [conflictOpen, setConflictOpen] = useState(true);
  const [asked, setAsked] = useState<Mode>();
  const [running, setRunning] = useState(false);
  const [input, setInput] = useState('{}');
  const [message, setMessage] = useState(
    session.opening.kind === 'restored'
      ? 'What you had not saved at your last visit was found in this browser and is kept.'
      : '',
  );
  const dialog = (name: DialogName | '') => set({ dialog: name, ...(name === 'versions' ? {} : { rev: 0 }) });

  // The next conflict opens the dialog again, whether or not it was closed in this one.
  useEffect(() => {
    if (save.kind !== 'conflict') setConflictOpen(true);
  }, [save.kind]);

  const only = selection.nodes.length === 1 ? selection.nodes[0]! : '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: the selection leads, the address follows
  useEffect(() => {
    if (only !== values.node) set({ node: only });
  }, [only]);

  const parts = useMemo<EditorParts>(
    () => ({ flow, editor, saver, types, live, readOnly, pinned }),
    [flow, editor, saver, types, live, readOnly, pinned],
  );

  const startRun = useCallback((value: Json, mode: Mode) => void runs.start(value, mode), [runs]);
  const runner = useMemo(() => {
    const begin = (mode: Mode) => {
      const schema = document.input_schema;
      // A flow that says what it takes is asked for once; what was given then serves for single steps.
      if (schema && input === '{}') setAsked(mode);
      else startRun(JSON.parse(input) as Json, mode);
    };
    return {
      ask: () => setAsked({}),
      runTo: (until: string) => begin({ until }),
      runOnly: (node: string) => begin({ only: node }),
      busy: runs.busy,
    };
  }, [document.input_schema, input, startRun, runs.busy]);

  const layout = useCallback(async () => {
    const graph = editor.graph();
    const nodes = graph.nodes.map((node) => boxOf(node, types));
    try {
      const places = await layoutGraph({ nodes, edges: graph.edges ?? [] });
      if (editor.graph() === graph) layOut(editor, places);
      // The new places are one task, the nodes that come into view another.
      requestAnimationFrame(() => canvas.current?.fit());
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
  }, [editor, types]);

  const add = useCallback(
    (kind: string, joined?: Joining, at?: Point) => {
      const type = types.get(kind);
      if (!type) return;
      const id = addKind(editor, type, at, types, joined);
      canvas.current?.focus();
      requestAnimationFrame(() => canvas.current?.show(id));
    },
    [editor, types],
  );
  const inspect = () => {
    setSettingsOpen(true);
    set({ tab: 'setup' });
    requestAnimationFrame(() =>
      globalThis.document.querySelector<HTMLElement>('[aria-label=Inspector] [data-first-field]')?.focus(),
    );
  };
  const acts = {
    editor,
    types,
    readOnly: readOnly !== '',
    canvas,
    add: () => setWanted({ what: 'add', joined: joining(editor, types) }),
    find: () => setWanted({ what: 'find' }),
    connect: (node: string) => setWanted({ what: 'connect', node }),
    save: () => void saver.flush(),
    publish: () => dialog('publish'),
    run: () => setAsked({}),
    runLive: () => setRunning(true),
    layout: () => void layout(),
    inspect,
  };
  useEditorKeys(acts, view === 'canvas');
  useClipboard(acts, view === 'canvas', setMessage);

  const showProblem = (problem: Problem) => {
    if (view === 'json') {
      code.current?.reveal({ pointer: problem.pointer });
      return;
    }
    if (problem.node) {
      editor.show(problem.node);
      set({ tab: 'setup' });
      requestAnimationFrame(() => canvas.current?.show(problem.node!));
    } else if (problem.edge !== undefined) {
      editor.open(problem.container);
      editor.select({ edges: [problem.edge] });
    } else {
      editor.open([]);
      editor.select({});
      setSettingsOpen(true);
    }
  };
  const openNode = (id: string) => {
    const node = editor.graph().nodes.find((one) => one.id === id);
    if (node && bodyOf(node)) editor.open([...container, id]);
    else inspect();
  };
  const chosen = selection.nodes.length + selection.edges.length + selection.notes.length > 0;
  const inspector = view !== 'json' && (roomy || chosen || settingsOpen);
  return (
    <EditorContext value={parts}>
      <ProblemsContext value={judged}>
        <RunnerContext value={runner}>
          <Page
            full
            title={document.name || 'Flow'}
            above={<Link to="/flows">Flows</Link>}
            mark={<SaveMark onConflict={() => setConflictOpen(true)} />}
            actions={
              <EditorActions
                onRun={acts.runLive}
                onPublish={() => dialog('publish')}
                onVersions={() => dialog('versions')}
                onReplace={() => dialog('replace')}
                onDiscard={() => dialog('discard')}
              />
            }
          >
            <div className={classes.editor} data-view={view}>
              {view === 'canvas' && !phone && readOnly === '' && (
                <Palette onAdd={(kind) => add(kind, joining(editor, types))} />
              )}
              <div className={classes.middle}>
                <RunBar runs={runs} />
                {message && (
                  <div className={classes.banner} role="status">
                    <span className="grow">{message}</span>
                    <Button size="compact-xs" onClick={() => setMessage('')}>
                      Close message
                    </Button>
                  </div>
                )}
                {view === 'canvas' ? (
                  <Canvas
                    handle={canvas}
                    onKeyDown={(event) => {
                      if (event.defaultPrevented || event.target !== event.currentTarget) return;
                      if (!pressOnCanvas(event.nativeEvent, acts)) return;
                      event.preventDefault();
                      event.stopPropagation();
                    }}
                    onDropKind={(kind, at) => add(kind, undefined, at)}
                    onWantNode={(from, at) => setWanted({ what: 'add', joined: { from: [from] }, at })}
                    onOpenNode={openNode}
                  >
                    <Crumbs />
                    <CanvasTools canvas={canvas} onAdd={acts.add} onFind={acts.find} onLayout={acts.layout} />
                  </Canvas>
                ) : view === 'json' ? (
                  <JsonPane handle={code} />
                ) : (
                  <>
                    <Crumbs />
                    <StepList
                      onAdd={(joined) => setWanted({ what: 'add', joined })}
                      onSettings={() => setSettingsOpen(true)}
                    />
                  </>
                )}
                {problemsOpen && <ProblemsList onShow={showProblem} onRetry={judged.retry} />}
                <div className={classes.bar}>
                  <SegmentedControl
                    size="xs"
                    aria-label="View of the flow"
                    value={view}
                    onChange={(value) => set({ view: value as typeof values.view })}
                    data={[
                      { value: 'canvas', label: phone ? 'Graph' : 'Canvas' },
                      { value: 'steps', label: 'Steps' },
                      { value: 'json', label: 'JSON' },
                    ]}
                  />
                  <ProblemsButton open={problemsOpen} onToggle={() => setProblemsOpen(!problemsOpen)} />
                  {readOnly !== '' && <span className="meta">{readOnly}</span>}
                </div>
              </div>
              {inspector && (
                <Inspector
                  tab={values.tab as InspectorTab}
                  onTab={(tab) => set({ tab })}
                  onLeave={() => canvas.current?.focus()}
                  onClose={roomy ? undefined : () => setSettingsOpen(false)}
                />
              )}
            </div>
          </Page>
          {wanted && (
            <Picks
              wanted={wanted}
              onAdd={add}
              onFind={(id) => {
                editor.show(id);
                requestAnimationFrame(() => canvas.current?.show(id));
              }}
              onClose={() => setWanted(undefined)}
            />
          )}
          {running && <RunFlow flow={{ id: flow, name: document.name || 'flow' }} onClose={() => setRunning(false)} />}
          <Dialogs
            opened={opened}
            dialog={values.dialog || (values.rev > 0 ? 'versions' : '')}
            onDialog={dialog}
            version={values.rev}
            onVersion={(rev) => set({ rev })}
            asked={asked}
            onAsked={setAsked}
            input={input}
            onInput={setInput}
            onStart={startRun}
            conflictOpen={conflictOpen && save.kind === 'conflict'}
            onConflictOpen={setConflictOpen}
            onPublished={() => void client.invalidateQueries({ queryKey: ['flows'] })}
            onMessage={setMessage}
          />
        </RunnerContext>
      </ProblemsContext>
    </EditorContext>
  );
}
