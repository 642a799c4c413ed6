// A field for a text with templates (`mode="template"`) or one CEL expression (`mode="expression"`): completion of names, of
// members of the sample data, of functions, and of secrets where they are allowed; below it what it gives with the sample
// data. A path that is picked or dragged from a ScopePicker lands at its cursor. Tab leaves the field, Ctrl Space completes.
//
//   <ExpressionField label="URL" value={url} onChange={setUrl} scope={sample} functions={functions} preview={preview} />
import { lazy, Suspense, useId, useState } from 'react';
import type { CelFunction, FieldMode, SampleScope } from './completion';
import styles from './ExpressionField.module.css';
import { kindText, shortValue } from './json';
import { type Preview, type PreviewExpression, usePreview } from './preview';

export interface ExpressionFieldProps {
  /** What the field is called, for screen readers; a visible label is the form's. */
  label: string;
  value: string;
  /** Without it the field only shows. */
  onChange?: (text: string) => void;
  onBlur?: () => void;
  mode?: FieldMode;
  /** Enter makes a new line. */
  multiline?: boolean;
  /** Sample data, for completion and preview. Keep the object the same as long as the data is. */
  scope?: SampleScope;
  functions?: readonly CelFunction[];
  /** Names of secrets; only for fields that take them. */
  secrets?: readonly string[];
  /** Names in scope for which the sample has nothing: `item`, `index`. */
  names?: readonly string[];
  /** Ids of nodes that can be named though there is no sample of their outputs. */
  missing?: readonly string[];
  /** Evaluates; without it there is no preview. Keep the function the same. */
  preview?: PreviewExpression;
  readOnly?: boolean;
  placeholder?: string;
  /** Marks the field as refused. */
  invalid?: boolean;
  id?: string;
  /** Ids of the elements that describe it. */
  describedBy?: string;
}

const Field = lazy(() => import('./cm/Field'));

export function ExpressionField(props: ExpressionFieldProps) {
  const { value, mode = 'template', preview: ask, scope } = props;
  const [touched, setTouched] = useState(false);
  const preview = usePreview(value, mode, scope, ask, touched, props);
  const note = useId();
  const describedBy = [props.describedBy, preview.state !== 'nothing' ? note : undefined].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <Suspense fallback={<pre className={styles.plain}>{value || ' '}</pre>}>
        <Field
          {...props}
          mode={mode}
          onFocus={() => setTouched(true)}
          describedBy={describedBy || undefined}
          mistake={preview.state === 'error' ? { message: preview.message, offset: preview.offset } : undefined}
        />
      </Suspense>
      <div id={note} className={styles.preview} data-state={preview.state} aria-live="polite">
        <PreviewLine preview={preview} mode={mode} />
      </div>
    </div>
  );
}

function PreviewLine({ preview, mode }: { preview: Preview; mode: FieldMode }) {
  switch (preview.state) {
    case 'nothing':
      return null;
    case 'secret':
      return <span>Names a secret: its value is put in at the step and never shown.</span>;
    case 'asking':
      return <span>Evaluating…</span>;
    case 'unknown':
      return <span>{preview.message}</span>;
    case 'error':
      return <span className={styles.mistake}>{preview.message}</span>;
    case 'value':
      return (
        <>
          <span className={styles.type}>{kindText(preview.value)}</span>
          <code className={styles.value}>{shortValue(preview.value, mode === 'template' ? 240 : 160)}</code>
        </>
      );
  }
}
