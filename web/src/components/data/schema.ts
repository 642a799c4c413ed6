// What a form makes of a JSON Schema: which control a field gets, where templates and secrets may stand, and how mistakes by
// JSON pointer reach the fields.
import { isObject, type Json, type JsonObject } from './json';
import { type Path, tokensOf } from './pointer';
import { hasTemplate } from './templates';

/** A mistake at a JSON pointer, as the server lists them. */
export interface FieldMistake {
  pointer: string;
  message: string;
}

export type FieldKind =
  /** An inner graph: edited on the canvas. */
  | 'body'
  /** A CEL expression, bare. */
  | 'expression'
  /** Text that may hold templates. */
  | 'template'
  /** Text without templates. */
  | 'text'
  | 'duration'
  | 'choice'
  | 'number'
  | 'boolean'
  /** Members by names of the person's own. */
  | 'map'
  /** Any JSON. */
  | 'any'
  /** An object or a list with a schema of its parts: the form's own layout. */
  | 'parts';

/** The control of a field. With `templates` its strings may hold `{{ … }}`, and so may anything in place of its value. */
export function fieldKind(schema: JsonObject, value: unknown, templates: boolean): FieldKind {
  if (schema['x-body'] === true) return 'body';
  if (schema['x-expression'] === true) return typeof value === 'string' || value === undefined ? 'expression' : 'any';
  const kind = plainKind(schema);
  // A template can stand in the place of any value; what is there decides then.
  if (templates && typeof value === 'string' && hasTemplate(value) && kind !== 'any') return 'template';
  if (value !== undefined && !shows(kind, schema, value)) return 'any';
  if (kind === 'text' && templates) return 'template';
  return kind;
}

/**
 * The schema without the `null` among its types or forms: a field that may be null is the field, left out. Of several forms
 * nothing is taken away.
 */
export function withoutNull(schema: JsonObject): JsonObject {
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    const types = schema.type.filter((one) => one !== 'null');
    return types.length === 1 ? { ...schema, type: types[0] as Json } : schema;
  }
  for (const name of ['anyOf', 'oneOf']) {
    const forms = schema[name];
    if (!Array.isArray(forms)) continue;
    const others = forms.filter((one) => !isObject(one) || (one.type !== 'null' && one.const !== null));
    const [form] = others;
    if (others.length !== 1 || forms.length < 2 || !isObject(form)) continue;
    const { [name]: _forms, ...rest } = schema;
    return { ...form, ...rest };
  }
  return schema;
}

function plainKind(schema: JsonObject): FieldKind {
  if (schema.anyOf || schema.oneOf || schema.not || schema.if || schema.patternProperties)
    return plainChoice(schema) ?? 'any';
  if (Array.isArray(schema.enum)) return 'choice';
  const type = schema.type;
  if (type === 'string') return isDuration(schema) ? 'duration' : 'text';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return isObject(schema.items) && isKnown(schema.items) ? 'parts' : 'any';
  if (type === 'object') {
    if (isObject(schema.properties) && Object.values(schema.properties).some((one) => !isStub(one))) return 'parts';
    // A schema is one thing to write, not a list of members.
    if (typeof schema.description === 'string' && /\bJSON Schema\b/.test(schema.description)) return 'any';
    return schema.additionalProperties === false ? 'any' : 'map';
  }
  return 'any';
}

// `anyOf` of constants is a choice.
function plainChoice(schema: JsonObject): FieldKind | undefined {
  const options = schema.oneOf ?? schema.anyOf;
  return Array.isArray(options) && options.every((one) => isObject(one) && 'const' in one) ? 'choice' : undefined;
}

// The forms' library lists members that the schema does not name among its properties, flagged by a symbol.
function isStub(schema: unknown): boolean {
  return isObject(schema) && Object.getOwnPropertySymbols(schema).length > 0;
}

function isKnown(schema: JsonObject): boolean {
  return plainKind(schema) !== 'any' || '$ref' in schema;
}

/** Whether a control can show the value that is there; what it cannot show goes to the JSON editor, so that nothing is lost. */
function shows(kind: FieldKind, schema: JsonObject, value: unknown): boolean {
  switch (kind) {
    case 'text':
    case 'duration':
      return typeof value === 'string';
    case 'choice':
      return choicesOf(schema).some((one) => one.value === value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'map':
      return isObject(value);
    case 'parts':
      return schema.type === 'array' ? Array.isArray(value) : isObject(value);
    default:
      return true;
  }
}

export interface Choice {
  value: Json;
  label: string;
  doc?: string;
}

export function choicesOf(schema: JsonObject): Choice[] {
  const options = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(options)) {
    return options.flatMap((one) =>
      isObject(one) && one.const !== undefined
        ? [
            {
              value: one.const,
              label: String(one.title ?? one.const),
              ...(typeof one.description === 'string' ? { doc: one.description } : {}),
            },
          ]
        : [],
    );
  }
  return Array.isArray(schema.enum)
    ? schema.enum.map((value) => ({ value, label: typeof value === 'string' ? value : JSON.stringify(value) }))
    : [];
}

const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/;

function isDuration(schema: JsonObject): boolean {
  if (schema.format === 'duration' || schema['x-duration'] === true) return true;
  const fallback = schema.default ?? schema['x-default'];
  if (typeof fallback === 'string' && DURATION.test(fallback)) return true;
  return typeof schema.description === 'string' && /\b(a duration\b|such as \d+(ms|s|m|h)\b)/i.test(schema.description);
}

/** What is wrong with a duration; nothing for templates, which are judged when the step runs. */
export function durationMistake(text: string): string | undefined {
  if (text === '' || hasTemplate(text) || DURATION.test(text)) return undefined;
  return 'Write numbers with units: 250ms, 30s, 5m, 1h30m.';
}

/** Texts that are usually longer than a line. */
export function isLong(schema: JsonObject, name: string, value: unknown): boolean {
  if (typeof value === 'string' && (value.includes('\n') || value.length > 90)) return true;
  if (schema.format === 'textarea' || schema.contentMediaType !== undefined) return true;
  return /^(prompt|system|content|text|message|body|description|notes|query|quote|code|instructions|template)$/i.test(
    name,
  );
}

/** Whether secrets may be named at a place: where its schema or one around it says `x-secret`. */
export function takesSecrets(schema: unknown, path: Path): boolean {
  let at: unknown = schema;
  for (const step of ['', ...path]) {
    if (step !== '') at = partOf(at, step);
    if (!isObject(at)) return false;
    if (at['x-secret'] === true) return true;
  }
  return false;
}

function partOf(schema: unknown, step: string | number): unknown {
  if (!isObject(schema)) return undefined;
  if (typeof step === 'number') return Array.isArray(schema.items) ? schema.items[step] : schema.items;
  if (isObject(schema.properties) && Object.hasOwn(schema.properties, step)) return schema.properties[step];
  return schema.additionalProperties;
}

/**
 * The schema without defaults, which are kept as `x-default` to be shown: a form must not write what nobody chose. Boolean
 * schemas become objects, because the form's library draws nothing for them.
 */
export function prepare(schema: unknown): JsonObject {
  return prepared(schema, 0) as JsonObject;
}

const DEEPEST = 40;
const BY_NAME = ['properties', 'definitions', '$defs', 'patternProperties', 'dependentSchemas'];

function prepared(schema: unknown, depth: number): Json {
  if (!isObject(schema)) return schema === false ? { not: {} } : { title: '' };
  if (depth > DEEPEST) return { title: '' };
  const out: JsonObject = {};
  for (const [name, part] of Object.entries(schema)) {
    if (name === 'default') out['x-default'] = part;
    else if (BY_NAME.includes(name) && isObject(part)) {
      out[name] = Object.fromEntries(Object.entries(part).map(([key, one]) => [key, prepared(one, depth + 1)]));
    } else if (['allOf', 'anyOf', 'oneOf'].includes(name) && Array.isArray(part))
      out[name] = part.map((one) => prepared(one, depth + 1));
    else if (name === 'items')
      out[name] = Array.isArray(part) ? part.map((one) => prepared(one, depth + 1)) : prepared(part, depth + 1);
    else if (name === 'additionalProperties') out[name] = isObject(part) ? prepared(part, depth + 1) : part;
    else if (['if', 'then', 'else', 'not', 'contains'].includes(name))
      out[name] = isObject(part) ? prepared(part, depth + 1) : part;
    else out[name] = part;
  }
  // Without any keyword the library draws nothing.
  if (Object.keys(out).length === 0) out.title = '';
  return out;
}

/** Mistakes as a tree along the value, each list under `__errors`: the form's library wants them so. */
export interface MistakeTree {
  __errors?: string[];
  [name: string]: MistakeTree | string[] | undefined;
}

export function mistakeTree(mistakes: readonly FieldMistake[]): MistakeTree {
  const root: MistakeTree = {};
  for (const { pointer, message } of mistakes) {
    let at = root;
    for (const token of tokensOf(pointer)) {
      // A member that is called so is no list of messages.
      if (token === '__errors' || token === '__proto__') break;
      const next = Object.hasOwn(at, token) ? (at[token] as MistakeTree) : {};
      at[token] = next;
      at = next;
    }
    at.__errors ??= [];
    if (!at.__errors.includes(message)) at.__errors.push(message);
  }
  return root;
}

/** All messages of a tree with where they are below it. */
export function mistakesIn(tree: unknown, path: string[] = []): { place: string; message: string }[] {
  if (!isObject(tree)) return [];
  return Object.entries(tree).flatMap(([name, part]) => {
    if (name === '__errors')
      return Array.isArray(part) ? part.map((message) => ({ place: path.join('.'), message: String(message) })) : [];
    return mistakesIn(part, [...path, name]);
  });
}

/**
 * The value without members that are `undefined`, and without optional objects of the schema whose last member was just
 * cleared: nobody chose to have them empty.
 */
export function cleaned(value: unknown, before: unknown, schema: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((part, index) =>
      cleaned(part, Array.isArray(before) ? before[index] : undefined, partOf(schema, index)),
    );
  }
  if (!isObject(value)) return value;
  const required = isObject(schema) && Array.isArray(schema.required) ? schema.required : [];
  const out: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const old = isObject(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    const own = partOf(schema, name);
    const next = cleaned(part, old, own);
    const hadMembers = isObject(old) && Object.keys(old).length > 0;
    const empty = isObject(next) && Object.keys(next).length === 0;
    if (empty && hadMembers && isObject(own) && isObject(own.properties) && !required.includes(name)) continue;
    out[name] = next as Json;
  }
  return out;
}
