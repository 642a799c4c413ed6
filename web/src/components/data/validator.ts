// The validator of forms: @cfworker/json-schema, which interprets schemas, behind the interface of the forms' library. The
// usual one compiles them by `new Function`, and the content policy forbids that. The server validates again.
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import type { ErrorSchema, RJSFSchema, RJSFValidationError, ValidationData, ValidatorType } from '@rjsf/utils';
import { isObject, type Json } from './json';
import { tokensOf, valueAt } from './pointer';
import { type FieldMistake, mistakeTree } from './schema';
import { hasTemplate } from './templates';

// What only says that something inside is wrong.
const WRAPPERS = new Set([
  'properties',
  'items',
  'prefixItems',
  'additionalItems',
  'patternProperties',
  'allOf',
  '$ref',
  'then',
  'else',
  'if',
  'dependentSchemas',
]);
const COMBINED = new Set(['anyOf', 'oneOf', 'not', 'contains']);

const known = new WeakMap<object, Validator>();

function validatorOf(schema: object): Validator {
  let validator = known.get(schema);
  if (!validator) {
    validator = new Validator(schema as Schema, '7', false);
    known.set(schema, validator);
  }
  return validator;
}

function pointerIn(location: string): string {
  try {
    return decodeURIComponent(location.slice(1));
  } catch {
    return location.slice(1);
  }
}

/**
 * What a schema says against a value. With `templates` a string with `{{ … }}` may stand for anything, so what depends on it is
 * left to the server. A schema that cannot be used says nothing.
 */
export function mistakesOf(schema: unknown, value: Json | undefined, templates: boolean): FieldMistake[] {
  if (!isObject(schema)) return [];
  let units: OutputUnit[];
  try {
    units = validatorOf(schema).validate(value === undefined ? {} : value).errors;
  } catch {
    return [];
  }
  const mistakes: FieldMistake[] = [];
  const combined: string[] = [];
  for (const unit of units) {
    if (combined.some((place) => unit.keywordLocation.startsWith(`${place}/`))) continue;
    if (COMBINED.has(unit.keyword)) combined.push(unit.keywordLocation);
    const pointer = pointerIn(unit.instanceLocation);
    const at = pointer === '' ? value : valueAt(value, pointer);
    if (WRAPPERS.has(unit.keyword)) continue;
    if (unit.keyword === 'additionalProperties') continue;
    if (
      templates &&
      (COMBINED.has(unit.keyword) || unit.keyword === 'enum' || unit.keyword === 'const'
        ? hasTemplate(at)
        : isTemplate(at))
    )
      continue;
    const mistake = told(unit, pointer);
    if (!mistakes.some((one) => one.pointer === mistake.pointer && one.message === mistake.message))
      mistakes.push(mistake);
  }
  return mistakes;
}

function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && hasTemplate(value);
}

function told(unit: OutputUnit, pointer: string): FieldMistake {
  const { keyword, error } = unit;
  const quotedName = /"((?:[^"\\]|\\.)*)"/.exec(error)?.[1] ?? '';
  const limit = [...error.matchAll(/-?\d+(?:\.\d+)?/g)].at(-1)?.[0] ?? '';
  switch (keyword) {
    case 'required':
      return {
        pointer: `${pointer}/${quotedName.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        message: 'This is required.',
      };
    case 'false':
      return { pointer, message: 'There is no such field.' };
    case 'type': {
      const expected = [...error.matchAll(/"([a-z]+)"/g)].slice(1).map((match) => match[1]);
      return { pointer, message: `Give ${expected.map(article).join(' or ')}.` };
    }
    case 'enum':
      return {
        pointer,
        message: `Choose one of ${error.slice(error.indexOf('[') + 1, error.lastIndexOf(']')).replaceAll(',', ', ')}.`,
      };
    case 'minLength':
      return { pointer, message: limit === '1' ? 'This must not be empty.' : `Give at least ${limit} characters.` };
    case 'maxLength':
      return { pointer, message: `Give at most ${limit} characters.` };
    case 'minimum':
      return { pointer, message: `Give at least ${limit}.` };
    case 'maximum':
      return { pointer, message: `Give at most ${limit}.` };
    case 'minItems':
      return { pointer, message: `Give at least ${counted(limit)}.` };
    case 'maxItems':
      return { pointer, message: `Give at most ${counted(limit)}.` };
    case 'minProperties':
      return { pointer, message: 'Give at least one entry.' };
    case 'pattern':
      return { pointer, message: 'This does not have the form that is asked for.' };
    case 'anyOf':
    case 'oneOf':
      return { pointer, message: 'This has none of the forms that are allowed here.' };
    default:
      return { pointer, message: error };
  }
}

function counted(number: string): string {
  return number === '1' ? 'one entry' : `${number} entries`;
}

function article(type: string | undefined): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'an object',
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    null: 'null',
  };
  return words[type ?? ''] ?? String(type);
}

/** The validator for a form; `templates` as in `mistakesOf`. */
export function formValidator(templates: boolean): ValidatorType {
  const withDefinitions = (schema: RJSFSchema, root: RJSFSchema): RJSFSchema => {
    if (schema === root || !isObject(schema)) return schema;
    const { definitions, $defs } = root;
    return { ...(definitions ? { definitions } : {}), ...($defs ? { $defs } : {}), ...schema };
  };
  return {
    validateFormData(formData, schema): ValidationData<unknown> {
      const mistakes = mistakesOf(schema, formData as Json, templates);
      const errors: RJSFValidationError[] = mistakes.map(({ pointer, message }) => ({
        name: 'schema',
        message,
        property: tokensOf(pointer)
          .map((token) => `.${token}`)
          .join(''),
        stack: `${pointer}: ${message}`,
      }));
      return { errors, errorSchema: mistakeTree(mistakes) as ErrorSchema<unknown> };
    },
    isValid: (schema, formData, rootSchema) =>
      mistakesOf(withDefinitions(schema, rootSchema), formData as Json, templates).length === 0,
    rawValidation: (schema, formData) => ({ errors: mistakesOf(schema, formData as Json, templates) as never[] }),
  };
}
