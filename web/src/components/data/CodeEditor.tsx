// A text editor: JSON (with templates in its strings), Markdown, CEL or plain text; problems marked in the text, search
// (Ctrl F), folding, read-only. With line numbers Tab indents, and Escape and then Tab leaves; without them it is a field, which
// Tab leaves. CodeMirror comes in a chunk of its own; until it is there the text is shown as it is.
//
//   <CodeEditor label="Flow" language="json" value={text} onChange={setText} problems={errors} height="100%" />
import { lazy, type Ref, Suspense } from 'react';
import styles from './Code.module.css';

/** A mistake, at a JSON pointer of the text or at a line (from 1), and column if known. */
export interface CodeProblem {
  message: string;
  pointer?: string;
  line?: number;
  column?: number;
  severity?: 'error' | 'warning' | 'info';
}

export interface CodeEditorHandle {
  focus(): void;
  /** Selects a place and scrolls to it. */
  reveal(place: Pick<CodeProblem, 'pointer' | 'line' | 'column'>): void;
  /** Opens the search panel. */
  search(): void;
}

export interface CodeEditorProps {
  /** What the editor is called, for screen readers. */
  label: string;
  value: string;
  /** What the person typed; not called for changes of `value`. Without it the editor only shows. */
  onChange?: (text: string) => void;
  onBlur?: () => void;
  /** The cursor's offset. */
  onCursor?: (offset: number) => void;
  language?: 'json' | 'markdown' | 'cel' | 'text';
  problems?: readonly CodeProblem[];
  readOnly?: boolean;
  /** Long lines go on below; default true. */
  wrap?: boolean;
  /** Line numbers; default true, except for plain text. */
  numbers?: boolean;
  placeholder?: string;
  autoFocus?: boolean;
  /** CSS lengths. Without a height the editor grows with its text, up to `maxHeight`. */
  height?: string | number;
  minHeight?: string | number;
  maxHeight?: string | number;
  /** Without a frame, where a panel around it has one. */
  bare?: boolean;
  id?: string;
  /** Id of the element that describes it. */
  describedBy?: string;
  handle?: Ref<CodeEditorHandle>;
}

const Editor = lazy(() => import('./cm/Editor'));

export function CodeEditor(props: CodeEditorProps) {
  const { height, minHeight, maxHeight } = props;
  return (
    <Suspense
      fallback={
        <pre
          className={styles.plain}
          style={{ height, minHeight, maxHeight }}
          data-bare={props.bare || undefined}
          aria-busy="true"
        >
          {props.value.slice(0, 20_000)}
        </pre>
      }
    >
      <Editor {...props} />
    </Suspense>
  );
}
