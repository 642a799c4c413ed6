// The editor of ExpressionField.tsx, in a chunk of its own.
import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder as placeholderText } from '@codemirror/view';
import { useEffect, useEffectEvent, useRef } from 'react';
import { expressionAround, expressionOf, type FieldMode, insertion, type Offer, offersAt } from '../completion';
import type { ExpressionFieldProps } from '../ExpressionField';
import { DRAG_TYPE, type PickedPath, readDrag, setTarget } from '../insert';
import { celColours } from './cel';
import styles from './Field.module.css';
import { look } from './look';
import { fromOutside, setText } from './sync';
import { typingOver } from './typing';

interface FieldProps extends ExpressionFieldProps {
  mode: FieldMode;
  onFocus: () => void;
  mistake: { message: string; offset?: number } | undefined;
}

const KINDS: Record<Offer['kind'], string> = {
  name: 'variable',
  member: 'property',
  function: 'function',
  secret: 'constant',
};

function completionOf(offer: Offer): Completion {
  const { text, from: begin } = offer;
  return {
    label: offer.label,
    type: KINDS[offer.kind],
    detail: offer.detail,
    info: offer.info,
    boost: offer.kind === 'function' ? -10 : offer.kind === 'name' ? 5 : 10,
    apply:
      text === undefined
        ? undefined
        : (view, _completion, from, to) => {
            const start = begin ?? from;
            const open = text.endsWith('(');
            const insert =
              open && view.state.sliceDoc(to, to + 1) === '(' ? text.slice(0, -1) : open ? `${text})` : text;
            view.dispatch({
              changes: { from: start, to, insert },
              selection: { anchor: start + text.length },
              userEvent: 'input.complete',
            });
          },
  };
}

function insertPath(view: EditorView, mode: FieldMode, path: PickedPath, at?: number): void {
  const { from, to, head } = view.state.selection.main;
  const text = insertion(view.state.doc.toString(), at ?? head, expressionOf(path), mode);
  view.dispatch({
    changes: { from: at ?? from, to: at ?? to, insert: text },
    selection: { anchor: (at ?? from) + text.length },
    userEvent: 'input.paste',
  });
  view.focus();
}

export default function Field(props: FieldProps) {
  const { value, label, mode, multiline = false, readOnly = !props.onChange } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const parts = useRef({ names: new Compartment() });

  const changed = useEffectEvent((text: string) => props.onChange?.(text));
  const focused = useEffectEvent((editor: EditorView) => {
    props.onFocus();
    if (!readOnly) setTarget({ label, insert: (path) => insertPath(editor, mode, path) }, editor.contentDOM);
  });
  const blurred = useEffectEvent(() => props.onBlur?.());
  const offers = useEffectEvent((context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const around = expressionAround(text, context.pos, mode);
    if (!around) return null;
    const found = offersAt(text.slice(around.from, around.to), context.pos - around.from, props.scope ?? {}, {
      functions: props.functions,
      secrets: props.secrets,
      names: props.names,
      missing: props.missing,
    });
    if (!found || found.offers.length === 0) return null;
    const from = around.from + found.from;
    // Without a word or a dot before the cursor only when somebody asks for it.
    if (from === context.pos && !context.explicit && !/[.[{'"]\s*$/.test(text.slice(Math.max(0, from - 4), from)))
      return null;
    const options = found.offers.map((one) =>
      completionOf(one.from === undefined ? one : { ...one, from: around.from + one.from }),
    );
    return { from, options, validFor: /^\w*$/ };
  });

  const names = (): Extension =>
    EditorView.contentAttributes.of({
      'aria-label': label,
      tabindex: '0',
      'aria-multiline': String(multiline),
      ...(readOnly ? { 'aria-readonly': 'true' } : {}),
      ...(props.invalid || props.mistake ? { 'aria-invalid': 'true' } : {}),
      ...(props.describedBy ? { 'aria-describedby': props.describedBy } : {}),
      ...(props.id ? { id: props.id } : {}),
    });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the value and the names follow in their own effects
  useEffect(() => {
    const extensions: Extension[] = [
      look(),
      parts.current.names.of(names()),
      EditorState.readOnly.of(readOnly),
      history(),
      drawSelection(),
      typingOver(),
      bracketMatching(),
      closeBrackets(),
      EditorView.lineWrapping,
      celColours(mode),
      autocompletion({ override: [(context) => offers(context)], icons: false, maxRenderedOptions: 60 }),
      Prec.highest(
        keymap.of([
          { key: 'Tab', run: acceptCompletion },
          // With the list open Escape closes the list, not the dialog around the field.
          {
            key: 'Escape',
            run: (editor) => completionStatus(editor.state) === 'active' && closeCompletion(editor),
            stopPropagation: true,
          },
          ...(multiline ? [] : [{ key: 'Enter', run: (editor: EditorView) => acceptCompletion(editor) || true }]),
        ]),
      ),
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...defaultKeymap.filter((one) => one.key !== 'Mod-Enter'),
        ...historyKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.every((one) => one.annotation(fromOutside)))
          changed(update.state.doc.toString());
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
          insertPath(editor, mode, path, editor.posAtCoords({ x: event.clientX, y: event.clientY }, false));
          return true;
        },
        dragover: (event) => {
          if (event.dataTransfer?.types.includes(DRAG_TYPE)) event.preventDefault();
          return false;
        },
      }),
    ];
    // Pasted lines become one line where only one fits.
    if (!multiline) {
      extensions.push(
        EditorState.transactionFilter.of((transaction) => {
          if (!transaction.docChanged || transaction.newDoc.lines === 1 || transaction.annotation(fromOutside))
            return transaction;
          const text = transaction.newDoc.toString().replace(/\s*\n\s*/g, ' ');
          const end = Math.min(transaction.newSelection.main.head, text.length);
          return [
            { changes: { from: 0, to: transaction.startState.doc.length, insert: text }, selection: { anchor: end } },
          ];
        }),
      );
    }
    if (props.placeholder) extensions.push(placeholderText(props.placeholder));
    const editor = new EditorView({ parent: host.current!, state: EditorState.create({ doc: value, extensions }) });
    view.current = editor;
    return () => {
      setTarget(undefined, editor.contentDOM);
      view.current = null;
      editor.destroy();
    };
  }, [mode, multiline, readOnly, props.placeholder]);

  useEffect(() => {
    if (view.current) setText(view.current, value);
  }, [value]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: names() reads exactly these
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.names.reconfigure(names()) });
  }, [label, props.describedBy, props.id, props.invalid, props.mistake === undefined, readOnly, multiline]);

  const { message, offset } = props.mistake ?? {};
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const found: Diagnostic[] = [];
    if (message !== undefined && offset !== undefined) {
      const from = Math.min(offset, editor.state.doc.length);
      const word = /^[\w$]+/.exec(editor.state.sliceDoc(from, from + 64));
      found.push({
        from,
        to: Math.min(from + (word?.[0].length ?? 1), editor.state.doc.length),
        severity: 'error',
        message,
      });
    }
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [message, offset]);

  return (
    <div
      ref={host}
      className={styles.editor}
      data-invalid={props.invalid || message !== undefined || undefined}
      data-multiline={(multiline && mode === 'template') || undefined}
    />
  );
}
