// The controls for single values.
import { NativeSelect, NumberInput, Switch } from '@mantine/core';
import { useMemo } from 'react';
import { ExpressionField } from '../ExpressionField';
import type { Json } from '../json';
import { choicesOf, durationMistake, isLong, takesSecrets } from '../schema';
import { contextOf } from './context';
import styles from './Form.module.css';
import { type ControlProps, change, defaultText, Frame } from './Frame';

const SIMPLE = ['string', 'number', 'integer', 'boolean'];

/** The field of a text, a template, a duration or an expression. */
export function TextField(props: ControlProps) {
  const { schema, formData, readonly, registry, kind } = props;
  const context = contextOf(registry);
  const text = typeof formData === 'string' ? formData : '';
  const bare = kind === 'expression';
  // A value of another type that holds a template goes back to a value by clearing it.
  const isValue =
    kind === 'template' && schema.type !== 'string' && SIMPLE.concat('array', 'object').includes(String(schema.type));
  const own = schema['x-scope'];
  const names = useMemo(() => {
    const more = Array.isArray(own) ? own.map(String) : bare ? ['item', 'index'] : [];
    return more.length > 0 ? [...new Set([...(context.names ?? []), ...more])] : context.names;
  }, [own, bare, context.names]);
  const takes = context.templates && takesSecrets(context.schema, props.fieldPathId.path);
  return (
    <Frame
      field={props}
      own={kind === 'duration' ? durationMistake(text) : undefined}
      isExpression={isValue}
      onSwitch={isValue ? () => change(props, undefined) : undefined}
    >
      {({ id, label, describedBy, invalid }) =>
        context.templates || bare ? (
          <ExpressionField
            id={id}
            label={label}
            value={text}
            onChange={readonly ? undefined : (next) => change(props, next === '' ? undefined : next)}
            mode={bare ? 'expression' : 'template'}
            multiline={bare || isLong(schema, props.name, formData)}
            scope={context.scope}
            functions={context.functions}
            secrets={takes ? context.secrets : undefined}
            names={names}
            missing={context.missing}
            preview={context.preview}
            placeholder={defaultText(schema) ?? (kind === 'duration' ? '30s, 5m, 1h30m' : undefined)}
            invalid={invalid}
            describedBy={describedBy}
          />
        ) : (
          <PlainText field={props} id={id} label={label} describedBy={describedBy} invalid={invalid} text={text} />
        )
      }
    </Frame>
  );
}

interface PlainProps {
  field: ControlProps;
  id: string;
  label: string;
  describedBy: string | undefined;
  invalid: boolean;
  text: string;
}

function PlainText({ field, id, label, describedBy, invalid, text }: PlainProps) {
  const { schema } = field;
  const shared = {
    id,
    'aria-label': label,
    'aria-describedby': describedBy,
    'aria-invalid': invalid || undefined,
    className: styles.input,
    value: text,
    placeholder: defaultText(schema),
    readOnly: field.readonly,
    onChange: (event: { currentTarget: { value: string } }) => {
      const next = event.currentTarget.value;
      change(field, next === '' ? undefined : next);
    },
  };
  if (isLong(schema, field.name, text)) return <textarea rows={4} {...shared} />;
  const types: Record<string, string> = { email: 'email', uri: 'url', date: 'date', 'date-time': 'text' };
  return <input type={types[String(schema.format)] ?? 'text'} {...shared} />;
}

export function ChoiceField(props: ControlProps) {
  const { schema, formData, readonly, required, registry } = props;
  const choices = choicesOf(schema);
  const fallback = choices.find((one) => one.value === schema['x-default']);
  const place = choices.findIndex((one) => one.value === formData);
  return (
    <Frame field={props} labelled onSwitch={contextOf(registry).templates ? () => change(props, '{{  }}') : undefined}>
      {({ id, label, describedBy, invalid }) => (
        <NativeSelect
          id={id}
          aria-label={label}
          aria-describedby={describedBy}
          error={invalid}
          disabled={readonly}
          value={place === -1 ? '' : String(place)}
          onChange={(event) => change(props, choices[Number(event.currentTarget.value || Number.NaN)]?.value)}
          data={[
            { value: '', label: fallback ? `${fallback.label} (default)` : required ? 'Choose…' : '(left out)' },
            ...choices.map((one, index) => ({ value: String(index), label: one.label })),
          ]}
        />
      )}
    </Frame>
  );
}

export function NumberField(props: ControlProps) {
  const { schema, formData, readonly, registry } = props;
  const least = typeof schema.minimum === 'number' ? schema.minimum : undefined;
  const most = typeof schema.maximum === 'number' ? schema.maximum : undefined;
  return (
    <Frame field={props} labelled onSwitch={contextOf(registry).templates ? () => change(props, '{{  }}') : undefined}>
      {({ id, label, describedBy, invalid }) => (
        <NumberInput
          id={id}
          aria-label={label}
          aria-describedby={describedBy}
          error={invalid}
          readOnly={readonly}
          value={typeof formData === 'number' ? formData : ''}
          onChange={(next) => {
            const value = typeof next === 'number' ? next : next === '' ? undefined : Number(next);
            if (value === undefined || Number.isFinite(value)) change(props, value);
          }}
          allowDecimal={schema.type !== 'integer'}
          // What is out of bounds is told, never changed behind the person's back.
          clampBehavior="none"
          min={least}
          max={most}
          placeholder={defaultText(schema)}
        />
      )}
    </Frame>
  );
}

export function BooleanField(props: ControlProps) {
  const { schema, formData, readonly, registry } = props;
  const fallback = schema['x-default'] === true;
  const set = typeof formData === 'boolean';
  return (
    <Frame field={props} labelled onSwitch={contextOf(registry).templates ? () => change(props, '{{  }}') : undefined}>
      {({ id, label, describedBy, invalid }) => (
        <Switch
          id={id}
          aria-label={label}
          aria-describedby={describedBy}
          error={invalid}
          disabled={readonly}
          checked={set ? formData : fallback}
          onChange={(event) => change(props, event.currentTarget.checked)}
          label={`${(set ? formData : fallback) ? 'on' : 'off'}${set ? '' : ' (default)'}`}
        />
      )}
    </Frame>
  );
}

export function BodyField(props: ControlProps) {
  const graph = props.formData as { nodes?: Json[] } | undefined;
  const count = Array.isArray(graph?.nodes) ? graph.nodes.length : 0;
  const { body } = contextOf(props.registry);
  return (
    <Frame field={{ ...props, required: true }}>
      {() => (
        <div className={styles.body}>
          <span>{count === 1 ? '1 node' : `${count} nodes`}</span>
          {body ?? <span className={styles.doc}>It is edited on the canvas.</span>}
        </div>
      )}
    </Frame>
  );
}
