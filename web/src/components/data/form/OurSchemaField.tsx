// Chooses the control of each field: ours for values, the library's layout for objects and lists with a schema of their parts.

import type { FieldProps, RJSFSchema } from '@rjsf/utils';
import type { JsonObject } from '../json';
import { fieldKind, withoutNull } from '../schema';
import { AnyField } from './AnyField';
import { contextOf } from './context';
import { BodyField, BooleanField, ChoiceField, NumberField, TextField } from './fields';
import { SchemaField as LibrarySchemaField } from './library';
import { MapField } from './MapField';

const CONTROLS = {
  body: BodyField,
  expression: TextField,
  template: TextField,
  text: TextField,
  duration: TextField,
  choice: ChoiceField,
  number: NumberField,
  boolean: BooleanField,
  map: MapField,
  any: AnyField,
};

export function OurSchemaField(props: FieldProps) {
  const { registry, formData } = props;
  const read = (schema: object) => registry.schemaUtils.retrieveSchema(schema, formData) as RJSFSchema & JsonObject;
  // What is null goes to the JSON editor by the schema as it is.
  const given = read(props.schema);
  const schema = formData === null ? given : read(withoutNull(given));
  const isRoot = props.fieldPathId.path.length === 0;
  const kind = isRoot ? 'parts' : fieldKind(schema, formData, contextOf(registry).templates);
  if (kind === 'parts') return <LibrarySchemaField {...props} schema={isRoot ? props.schema : schema} />;
  const Control = CONTROLS[kind];
  // A kind may change while somebody types (a number becomes a template): the key keeps the old control's state out of the new one.
  return <Control key={Control.name} {...props} schema={schema} kind={kind} />;
}
