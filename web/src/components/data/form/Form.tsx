// The form behind SchemaForm.tsx: the forms' library walks schema and value; all controls and the layout are ours, of Mantine's parts.
// (Its ready Mantine theme would bring date and colour pickers that no schema here asks for.)
import Library, { type IChangeEvent } from '@rjsf/core';
import type { ErrorSchema, RJSFSchema } from '@rjsf/utils';
import { useMemo, useRef } from 'react';
import { isObject, type JsonObject, same } from '../json';
import type { SchemaFormProps } from '../SchemaForm';
import { cleaned, mistakeTree, prepare } from '../schema';
import { formValidator } from '../validator';
import type { FormContext } from './context';
import styles from './Form.module.css';
import { templates as layout } from './layout';
import { OurSchemaField } from './OurSchemaField';

const fields = { SchemaField: OurSchemaField };
const validators = { with: formValidator(true), without: formValidator(false) };

// Nothing is filled in: what nobody chose is not written.
const untouched = {
  arrayMinItems: { populate: 'never' },
  emptyObjectFields: 'skipDefaults',
  allOf: 'skipDefaults',
  constAsDefaults: 'never',
} as const;

export default function Form(props: SchemaFormProps) {
  const { schema, value, onChange, templates = true, mistakes } = props;
  const prepared = useMemo(() => prepare(schema), [schema]);
  const errors = useMemo(() => (mistakes ? (mistakeTree(mistakes) as ErrorSchema) : undefined), [mistakes]);
  const { scope, names, missing, functions, secrets, preview, body } = props;
  const context = useMemo<FormContext>(
    () => ({
      scope,
      names,
      missing,
      functions,
      secrets,
      preview,
      body,
      templates,
      schema: isObject(schema) ? schema : {},
    }),
    [scope, names, missing, functions, secrets, preview, body, templates, schema],
  );
  const last = useRef(value);
  last.current = value;

  const changed = (event: IChangeEvent, id?: string) => {
    // Without an id the library tells what it made of new props, not what a person did.
    if (id === undefined || !onChange) return;
    const next = cleaned(event.formData ?? {}, last.current, prepared) as JsonObject;
    if (!same(next, last.current)) onChange(next);
  };

  return (
    <section className={styles.form} aria-label={props.label}>
      <Library
        tagName="div"
        idPrefix={props.id ?? 'form'}
        schema={prepared as RJSFSchema}
        formData={value}
        onChange={changed}
        validator={templates ? validators.with : validators.without}
        fields={fields}
        templates={layout}
        formContext={context}
        readonly={props.readOnly ?? !onChange}
        extraErrors={errors}
        liveValidate={mistakes === undefined ? 'onChange' : false}
        noValidate={mistakes !== undefined}
        showErrorList={false}
        experimental_defaultFormStateBehavior={untouched}
      >
        {/* No button: the page has its own. */}
        <span hidden />
      </Library>
    </section>
  );
}
