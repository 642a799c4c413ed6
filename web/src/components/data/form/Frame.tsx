// What stands around each control: its name, what it is for, a switch between value and expression, a way back to the default, and
// what is wrong with it.
import { ActionIcon, Tooltip } from '@mantine/core';
import type { FieldProps } from '@rjsf/utils';
import { RotateCcw, SquareFunction, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { FieldLabel } from '../FieldLabel';
import type { JsonObject } from '../json';
import { shortValue } from '../json';
import { mistakesIn } from '../schema';
import styles from './Form.module.css';

export type ControlProps = FieldProps & { schema: JsonObject; kind: string };

export interface Named {
  id: string;
  label: string;
  describedBy: string | undefined;
  invalid: boolean;
}

export function labelOf(props: ControlProps): string {
  const title = props.schema.title;
  if (typeof title === 'string' && title !== '') return title;
  return typeof props.name === 'string' && props.name !== '' ? props.name : 'Value';
}

export function change(props: ControlProps, value: unknown): void {
  props.onChange(value, props.fieldPathId.path);
}

interface FrameProps {
  field: ControlProps;
  /** Offers to write an expression in place of the value, or a value in place of the expression. */
  onSwitch?: () => void;
  isExpression?: boolean;
  /** Mistakes of the control itself. */
  own?: string;
  children: (named: Named) => ReactNode;
  /** The label names the control by `for`; editors take an aria-label. */
  labelled?: boolean;
}

export function Frame({ field, onSwitch, isExpression, own, children, labelled = false }: FrameProps) {
  const { schema, required, readonly, formData } = field;
  const id = field.fieldPathId.$id;
  const label = labelOf(field);
  const mistakes = mistakesIn(field.errorSchema);
  const doc = typeof schema.description === 'string' ? schema.description : '';
  const fallback = schema['x-default'];
  const texts = mistakes.map((one) => (one.place ? `${one.place}: ${one.message}` : one.message));
  if (own) texts.unshift(own);
  const describedBy = [doc && `${id}-doc`, texts.length > 0 && `${id}-mistakes`].filter(Boolean).join(' ') || undefined;
  const inList = typeof field.fieldPathId.path.at(-1) === 'number' && !schema.title;
  return (
    <div className={styles.field} data-field={id}>
      {!inList && (
        <div className={styles.labels}>
          {labelled ? (
            <label htmlFor={id} className={styles.label}>
              {label}
              {required && <span className={styles.required}> (required)</span>}
            </label>
          ) : (
            <FieldLabel className={styles.label}>
              {label}
              {required && <span className={styles.required}> (required)</span>}
            </FieldLabel>
          )}
          {!readonly && onSwitch && (
            <Tooltip
              label={isExpression ? 'Write a value instead of an expression' : 'Write an expression instead of a value'}
            >
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={isExpression ? `Write a value for ${label}` : `Write an expression for ${label}`}
                aria-pressed={isExpression}
                className={styles.switch}
                onClick={onSwitch}
              >
                <SquareFunction size={14} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
          {!readonly && !required && formData !== undefined && (
            <Tooltip
              label={fallback === undefined ? 'Leave it out' : `Back to the default, ${shortValue(fallback, 24)}`}
            >
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={fallback === undefined ? `Leave ${label} out` : `Back to the default of ${label}`}
                onClick={() => change(field, undefined)}
              >
                {fallback === undefined ? <X size={14} aria-hidden /> : <RotateCcw size={13} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      )}
      {doc && (
        <p id={`${id}-doc`} className={styles.doc}>
          {doc}
        </p>
      )}
      {children({ id, label: inList ? `${label}` : label, describedBy, invalid: texts.length > 0 })}
      {texts.length > 0 && (
        <ul id={`${id}-mistakes`} className={styles.mistakes}>
          {texts.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** `default 30s`, for placeholders. */
export function defaultText(schema: JsonObject): string | undefined {
  const fallback = schema['x-default'];
  if (fallback === undefined || fallback === '' || fallback === null) return undefined;
  return `default: ${typeof fallback === 'string' ? fallback : shortValue(fallback, 40)}`;
}
