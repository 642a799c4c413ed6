// The editor behind CodeEditor.tsx, in a chunk of its own.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from '@codemirror/view';
import { useEffect, useEffectEvent, useImperativeHandle, useRef } from 'react';
import type { CodeEditorProps, CodeProblem } from '../CodeEditor';
import { expressionOf, insertion } from '../completion';
import { DRAG_TYPE, readDrag, setTarget } from '../insert';
import { locate } from '../pointer';
import { celColours } from './cel';
import styles from './Editor.module.css';
import { look } from './look';
import { escapeFirst, fromOutside, setText } from './sync';
import { typingOver } from './typing';

/** Where a problem is marked. Lines that are not there and pointers into broken text go to what is nearest. */
function rangeOf(
  state: EditorState,
  problem: Omit<CodeProblem, 'message'>,
  text: string,
): { from: number; to: number } {
  if (problem.pointer !== undefined) return locate(text, problem.pointer);
  const line = state.doc.line(Math.min(Math.max(problem.line ?? 1, 1), state.doc.lines));
  if (problem.column === undefined) return { from: line.from, to: line.to };
  const from = Math.min(line.from + Math.max(problem.column - 1, 0), line.to);
  return { from, to: Math.min(from + 1, line.to) };
}

function diagnosticsOf(state: EditorState, problems: readonly CodeProblem[]): Diagnostic[] {
  const text = state.doc.toString();
  return problems.map((problem) => {
    const { from, to } = rangeOf(state, problem, text);
    const severity = problem.severity ?? 'error';
    return { from: Math.min(from, text.length), to: Math.min(to, text.length), severity, message: problem.message };
  });
}

function insertText(
  view: EditorView,
  language: CodeEditorProps['language'],
  path: readonly (string | number)[],
  at?: number,
): void {
  const place = at ?? view.state.selection.main.head;
  const to = at ?? view.state.selection.main.to;
  const from = at ?? view.state.selection.main.from;
  let text = insertion(
    view.state.doc.toString(),
    place,
    expressionOf(path),
    language === 'cel' ? 'expression' : 'template',
  );
  if (language === 'json') {
    text = JSON.stringify(text).slice(1, -1);
    const line = view.state.doc.lineAt(place);
    // An odd number of quotes before the place: it is inside a JSON string already.
    const quotes =
      line.text
        .slice(0, place - line.from)
        .replace(/\\./g, '')
        .split('"').length - 1;
    if (quotes % 2 === 0 && text.startsWith('{{')) text = `"${text}"`;
  }
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length },
    userEvent: 'input.paste',
  });
  view.focus();
}

/** Without an indent before the cursor Shift Tab leaves the editor, as it leaves every other field. */
function indentBack(view: EditorView): boolean {
  const { from, to } = view.state.selection.main;
  for (let at = view.state.doc.lineAt(from); ; at = view.state.doc.line(at.number + 1)) {
    if (/^\s/.test(at.text)) return indentLess(view);
    if (at.to >= to) return false;
  }
}

export default function Editor(props: CodeEditorProps) {
  const {
    value,
    language = 'json',
    label,
    problems,
    readOnly = !props.onChange,
    wrap = true,
    numbers = language !== 'text',
  } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const parts = useRef({ access: new Compartment(), names: new Compartment() });

  const changed = useEffectEvent((text: string) => props.onChange?.(text));
  const focused = useEffectEvent((editor: EditorView) => {
    if (!readOnly) setTarget({ label, insert: (path) => insertText(editor, language, path) }, editor.contentDOM);
  });
  const blurred = useEffectEvent(() => props.onBlur?.());
  const moved = useEffectEvent((offset: number) => props.onCursor?.(offset));

  const access = (): Extension => [EditorState.readOnly.of(readOnly), EditorView.editable.of(true)];
  const names = (): Extension =>
    EditorView.contentAttributes.of({
      'aria-label': label,
      tabindex: '0',
      ...(readOnly ? { 'aria-readonly': 'true' } : {}),
      ...(props.describedBy ? { 'aria-describedby': props.describedBy } : {}),
      ...(problems?.some((one) => (one.severity ?? 'error') === 'error') ? { 'aria-invalid': 'true' } : {}),
      ...(props.id ? { id: props.id } : {}),
    });

  // The editor is made once per language; all else that changes is put into it below.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the value and the compartments follow in their own effects
  useEffect(() => {
    const { access: accessPart, names: namesPart } = parts.current;
    let alive = true;
    const extensions: Extension[] = [
      look(),
      namesPart.of(names()),
      accessPart.of(access()),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      bracketMatching(),
      search({ top: true }),
      highlightSelectionMatches(),
      indentUnit.of('  '),
      EditorState.tabSize.of(2),
      escapeFirst(),
      typingOver(),
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap.filter((one) => one.key !== 'Mod-Enter'),
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...lintKeymap,
        ...(numbers ? [{ key: 'Tab', run: indentMore, shift: indentBack }] : []),
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.every((one) => one.annotation(fromOutside)))
          changed(update.state.doc.toString());
        if (update.selectionSet || update.docChanged) moved(update.state.selection.main.head);
      }),
      EditorView.domEventHandlers({
        blur: () => {
          blurred();
          return false;
        },
        focus: (_, editor) => {
          focused(editor);
          return false;
        },
        drop: (event, editor) => {
          const path = readDrag(event.dataTransfer);
          if (!path || editor.state.readOnly) return false;
          event.preventDefault();
          insertText(editor, language, path, editor.posAtCoords({ x: event.clientX, y: event.clientY }, false));
          return true;
        },
        dragover: (event) => {
          if (event.dataTransfer?.types.includes(DRAG_TYPE)) event.preventDefault();
          return false;
        },
      }),
    ];
    if (wrap) extensions.push(EditorView.lineWrapping);
    if (numbers) extensions.push(lineNumbers(), highlightActiveLineGutter());
    if (numbers && language === 'json') extensions.push(foldGutter());
    if (!readOnly) extensions.push(closeBrackets(), indentOnInput(), highlightActiveLine());
    if (problems && numbers) extensions.push(lintGutter());
    if (props.placeholder) extensions.push(placeholderText(props.placeholder));
    if (language === 'json') extensions.push(json(), codeFolding(), celColours('template'));
    if (language === 'cel') extensions.push(celColours('expression'));
    if (language === 'markdown') {
      // Its grammars are large, so they are loaded when somebody needs them.
      void import('./markdown').then(({ markdownLanguage }) => {
        if (alive) view.current?.dispatch({ effects: languagePart.reconfigure(markdownLanguage()) });
      });
    }
    const languagePart = new Compartment();
    extensions.push(languagePart.of([]));
    const editor = new EditorView({ parent: host.current!, state: EditorState.create({ doc: value, extensions }) });
    view.current = editor;
    if (problems?.length) editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(editor.state, problems)));
    if (props.autoFocus) editor.focus();
    return () => {
      alive = false;
      setTarget(undefined, editor.contentDOM);
      view.current = null;
      editor.destroy();
    };
  }, [language, wrap, numbers, readOnly, problems === undefined, props.placeholder]);

  // Pages often make the list anew with the same mistakes in it; only what differs is marked again.
  const problemsKey = JSON.stringify(problems ?? []);
  const mark = useEffectEvent(() => {
    const editor = view.current;
    if (editor && problems) editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(editor.state, problems)));
  });

  useEffect(() => {
    if (view.current && setText(view.current, value)) mark();
  }, [value]);

  const isInvalid = problems?.some((one) => (one.severity ?? 'error') === 'error') ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: names() reads exactly these
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.names.reconfigure(names()) });
  }, [label, props.describedBy, props.id, readOnly, isInvalid]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the problems
  useEffect(() => {
    mark();
  }, [problemsKey]);

  useImperativeHandle(props.handle, () => ({
    focus: () => view.current?.focus(),
    reveal: (place) => {
      const editor = view.current;
      if (!editor) return;
      const { from, to } = rangeOf(editor.state, place, editor.state.doc.toString());
      editor.dispatch({
        selection: { anchor: from, head: to },
        effects: EditorView.scrollIntoView(from, { y: 'center' }),
      });
      editor.focus();
    },
    search: () => {
      if (view.current) openSearchPanel(view.current);
    },
  }));

  return (
    <div
      ref={host}
      className={styles.editor}
      data-invalid={isInvalid || undefined}
      data-bare={props.bare || undefined}
      style={{ height: props.height, minHeight: props.minHeight, maxHeight: props.maxHeight }}
    />
  );
}
