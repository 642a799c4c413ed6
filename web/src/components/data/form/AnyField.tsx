// Any JSON: a text (with templates), or JSON in an editor. What the person types is kept until it is JSON.
import { ActionIcon, Tooltip } from '@mantine/core';
import { Braces, Type } from 'lucide-react';
import { useState } from 'react';
import { CodeEditor, type CodeProblem } from '../CodeEditor';
import { ExpressionField } from '../ExpressionField';
import { type Json, parseJson, same } from '../json';
import { lineOf } from '../pointer';
import { isLong, takesSecrets } from '../schema';
import { contextOf } from './context';
import styles from './Form.module.css';
import { type ControlProps, change, defaultText, Frame } from './Frame';

function writtenOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

/** Whether a text is among the types that the schema allows; without types everything is. */
function takesText(schema: ControlProps['schema'], templates: boolean): boolean {
  if (templates) return true;
  const { type } = schema;
  return type === undefined || type === 'string' || (Array.isArray(type) && type.includes('string'));
}

export function AnyField(props: ControlProps) {
  const { schema, formData, readonly, registry } = props;
  const context = contextOf(registry);
  const textual = takesText(schema, context.templates);
  const isStructured = formData !== undefined && typeof formData !== 'string';
  const prefersJson =
    schema.type === 'array' ||
    schema.type === 'object' ||
    (Array.isArray(schema.type) && !schema.type.includes('string'));
  const [asJson, setAsJson] = useState(isStructured || (formData === undefined && prefersJson));
  const json = !textual || isStructured || asJson;
  const secrets =
    context.templates && takesSecrets(context.schema, props.fieldPathId.path) ? context.secrets : undefined;

  const other = json ? (context.templates ? 'Write a text or an expression' : 'Write a text') : 'Write JSON';
  const switchOver = () => {
    if (json) {
      change(props, undefined);
      setAsJson(false);
    } else {
      // A text that is JSON becomes that value, any other stays a JSON string.
      const parsed = typeof formData === 'string' ? parseJson(formData) : undefined;
      if (parsed?.ok && typeof parsed.value === 'object') change(props, parsed.value);
      setAsJson(true);
    }
  };

  return (
    <Frame field={props}>
      {({ id, label, describedBy, invalid }) => (
        <div className={styles.any}>
          <div className={styles.anyControl}>
            {json ? (
              <JsonText key="json" field={props} id={id} label={label} describedBy={describedBy} />
            ) : (
              <ExpressionField
                id={id}
                label={label}
                value={typeof formData === 'string' ? formData : ''}
                onChange={readonly ? undefined : (next) => change(props, next === '' ? undefined : next)}
                mode="template"
                multiline={isLong(schema, props.name, formData)}
                scope={context.scope}
                names={context.names}
                missing={context.missing}
                functions={context.functions}
                secrets={secrets}
                preview={context.preview}
                placeholder={defaultText(schema)}
                invalid={invalid}
                describedBy={describedBy}
              />
            )}
          </div>
          {textual && !readonly && (
            <Tooltip label={other}>
              <ActionIcon size="sm" variant="subtle" aria-label={`${other} for ${label}`} onClick={switchOver}>
                {json ? <Type size={14} aria-hidden /> : <Braces size={14} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      )}
    </Frame>
  );
}

interface JsonTextProps {
  field: ControlProps;
  id: string;
  label: string;
  describedBy: string | undefined;
}

function JsonText({ field, id, label, describedBy }: JsonTextProps) {
  const { formData, readonly } = field;
  const [text, setText] = useState(() => writtenOf(formData));
  const [told, setTold] = useState<Json | undefined>(formData as Json | undefined);
  // A value that came from outside replaces the text; our own does not, so that spaces stay as they are typed.
  if (!same(told, formData)) {
    setTold(formData as Json | undefined);
    setText(writtenOf(formData));
  }
  const parsed = text.trim() === '' ? undefined : parseJson(text);
  const problems: CodeProblem[] = [];
  if (parsed && !parsed.ok) {
    problems.push({
      message: parsed.message,
      line: parsed.position === undefined ? undefined : lineOf(text, parsed.position),
    });
  }
  const write = (next: string) => {
    setText(next);
    const read = next.trim() === '' ? ({ ok: true, value: undefined } as const) : parseJson(next);
    if (!read.ok) return;
    setTold(read.value);
    change(field, read.value);
  };
  return (
    <>
      <CodeEditor
        id={id}
        label={`${label} as JSON`}
        language="json"
        value={text}
        onChange={readonly ? undefined : write}
        problems={problems}
        numbers={text.includes('\n')}
        minHeight={text.includes('\n') ? 56 : 32}
        maxHeight={320}
        describedBy={describedBy}
        placeholder={defaultText(field.schema) ?? '{ … }'}
      />
      {parsed && !parsed.ok && <p className={styles.unsaved}>Not taken over until it is JSON: {parsed.message}</p>}
    </>
  );
}
