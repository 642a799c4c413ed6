// What can be written at a place of an expression: names in scope, members of the sample data, functions; and how a path is
// written as an expression.
import { isObject, type Json, type JsonObject, kindText, shortValue } from './json';
import { templatesIn } from './templates';

/** Sample data by the names that an expression can use. */
export interface SampleScope {
  input?: Json;
  nodes?: { [id: string]: { output?: Json } };
  vars?: JsonObject;
  item?: Json;
  index?: Json;
  error?: Json;
  run?: Json;
  attempt?: Json;
}

/** A row of `GET /api/v1/expressions/functions`. */
export interface CelFunction {
  kind: 'function' | 'method' | 'macro';
  name: string;
  signature: string;
  doc: string;
}

export interface Offer {
  label: string;
  kind: 'name' | 'member' | 'function' | 'secret';
  /** Type and sample value. */
  detail?: string;
  /** What it does. */
  info?: string;
  /** What is written instead of the label. */
  text?: string;
  /** Where writing begins, when not at `from`: a member that is no name replaces the dot before it. */
  from?: number;
}

export interface Offers {
  /** Where the word that is being written begins. */
  from: number;
  offers: Offer[];
}

type Step = string | number;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
// Words that CEL does not take as a bare member or variable.
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}'`;
}

/** A path as CEL: `nodes.load.output.rows[0]`, `input['content-type']`. */
export function expressionOf(path: readonly Step[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (index === 0) return step;
      return NAME.test(step) && !RESERVED.has(step) ? `.${step}` : `[${quoted(step)}]`;
    })
    .join('');
}

export type FieldMode = 'template' | 'expression';

/** What is written when an expression is put into a field at a place: with braces where there are none around it yet. */
export function insertion(text: string, at: number, expression: string, mode: FieldMode): string {
  if (mode === 'expression') return expression;
  const inside = templatesIn(text).find((one) => at >= one.exprFrom && at <= one.exprTo);
  return inside ? expression : `{{ ${expression} }}`;
}

/** The part of a field that is an expression around a place; nothing where plain text is written. */
export function expressionAround(text: string, at: number, mode: FieldMode): { from: number; to: number } | undefined {
  if (mode === 'expression') return { from: 0, to: text.length };
  const inside = templatesIn(text).find((one) => at >= one.exprFrom && at <= one.exprTo);
  return inside && { from: inside.exprFrom, to: inside.exprTo };
}

const SEGMENT =
  String.raw`(?:\s*\[\s*\??\s*(?:\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]|\s*\.\s*\??\s*(?:[A-Za-z_]\w*|` +
  '`[^`]+`' +
  '))';
const PATH_BEFORE = new RegExp(String.raw`([A-Za-z_]\w*)(${SEGMENT}*)\s*$`);
const STEPS = new RegExp(
  String.raw`\[\s*\??\s*(?:(\d+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]|\.\s*\??\s*(?:([A-Za-z_]\w*)|` +
    '`([^`]+)`)',
  'g',
);

/** The path that ends before a place: of `size(nodes.a.output[0]` it is nodes, a, output, 0. */
export function pathBefore(text: string): Step[] | undefined {
  const match = PATH_BEFORE.exec(text);
  if (!match?.[1]) return undefined;
  if (/[.)\]\w'"`]\s*\??\s*$/.test(text.slice(0, match.index))) return undefined;
  const steps: Step[] = [match[1]];
  for (const [, number, single, double, name, quotedName] of (match[2] ?? '').matchAll(STEPS)) {
    if (number !== undefined) steps.push(Number(number));
    else steps.push(name ?? quotedName ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'));
  }
  return steps;
}

/** The sample value of a path; nothing when the sample does not have it. */
export function sampleAt(scope: SampleScope, path: readonly Step[]): unknown {
  let at: unknown = scope;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === 'number') at = at[step];
    else if (isObject(at) && Object.hasOwn(at, String(step))) at = (at as JsonObject)[String(step)];
    else return undefined;
  }
  return at;
}

const ROOTS: Record<keyof SampleScope, string> = {
  input: "the run's input",
  nodes: 'outputs of the steps before',
  vars: "the flow's constants",
  item: 'the item; in a loop the result of the turn before',
  index: 'its place from 0',
  error: 'the error that led here',
  run: 'the run',
  attempt: 'the number of the attempt that failed',
};

export interface OfferOptions {
  functions?: readonly CelFunction[];
  /** Names of secrets, where the field takes them. */
  secrets?: readonly string[];
  /** Names that are in scope though the sample has nothing for them: `item` and `index` where a node goes through a list. */
  names?: readonly string[];
  /** Ids of nodes that can be named though there is no sample of their outputs. */
  missing?: readonly string[];
}

/** What can be written at `at` in an expression. */
export function offersAt(
  expression: string,
  at: number,
  scope: SampleScope,
  options: OfferOptions = {},
): Offers | undefined {
  const before = expression.slice(0, at);
  const bracket = /\[\s*\??\s*(['"])([^'"\n]*)$/.exec(before);
  if (bracket) {
    const path = pathBefore(before.slice(0, bracket.index));
    if (!path) return undefined;
    const quote = bracket[1] as string;
    const from = at - (bracket[2] as string).length;
    const rest = expression.slice(at).startsWith(quote) ? '' : `${quote}]`;
    const keys = members(sampleAt(scope, path)).filter((one) => typeof one.step === 'string');
    return {
      from,
      offers: keys.map((one) => ({ ...memberOffer(one), label: String(one.step), text: `${one.step}${rest}` })),
    };
  }
  if (insideText(before)) return undefined;
  const member = /\.\s*\??\s*([A-Za-z_]\w*)?$/.exec(before);
  if (member && !/\d$/.test(before.slice(0, member.index))) {
    const from = at - (member[1] ?? '').length;
    const path = pathBefore(before.slice(0, member.index));
    if (path?.[0] === 'secrets' && path.length === 1) return { from, offers: secretOffers(options.secrets ?? []) };
    const value = path ? sampleAt(scope, path) : undefined;
    const found = members(value);
    // Of all steps one is wanted, not what can be done with their map.
    const isNodes = path?.length === 1 && path[0] === 'nodes';
    if (isNodes) {
      for (const id of options.missing ?? [])
        if (!found.some((one) => one.step === id)) found.push({ step: id, value: undefined });
    }
    const offers = found.map((one) => {
      const offer = memberOffer(one);
      if (typeof one.step === 'string' && NAME.test(one.step) && !RESERVED.has(one.step)) return offer;
      return { ...offer, text: expressionOf(['', one.step]), from: member.index };
    });
    const methods = isNodes ? [] : (options.functions ?? []).filter((one) => fits(one, value)).map(functionOffer);
    return { from, offers: [...offers, ...methods] };
  }
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  const offers: Offer[] = [];
  for (const name of Object.keys(ROOTS) as (keyof SampleScope)[]) {
    const isKnown = options.names?.includes(name) || (name === 'nodes' && options.missing?.length);
    if (scope[name] === undefined && !isKnown) continue;
    offers.push({
      label: name,
      kind: 'name',
      detail: scope[name] === undefined ? 'no sample' : told(scope[name], name === 'nodes'),
      info: ROOTS[name],
    });
  }
  if (options.secrets?.length)
    offers.push({ label: 'secrets', kind: 'name', info: 'values that nobody reads; alone in their braces' });
  for (const one of options.functions ?? []) if (receiverOf(one) === undefined) offers.push(functionOffer(one));
  return { from: at - word.length, offers };
}

// Whether the text ends within a string literal.
function insideText(text: string): boolean {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (quote) {
      if (letter === '\\') at++;
      else if (letter === quote) quote = '';
    } else if (letter === "'" || letter === '"') quote = letter;
  }
  return quote !== '';
}

interface Member {
  step: Step;
  value: unknown;
}

const MOST_MEMBERS = 200;

function members(value: unknown): Member[] {
  if (Array.isArray(value)) return value.length > 0 ? [{ step: 0, value: value[0] }] : [];
  if (!isObject(value)) return [];
  return Object.keys(value)
    .slice(0, MOST_MEMBERS)
    .map((step) => ({ step, value: value[step] }));
}

function told(value: unknown, countOnly = false): string {
  return countOnly || Array.isArray(value) || isObject(value)
    ? kindText(value)
    : `${kindText(value)} ${shortValue(value, 32)}`;
}

function memberOffer(one: Member): Offer {
  const label = typeof one.step === 'number' ? `[${one.step}]` : one.step;
  return { label, kind: 'member', detail: one.value === undefined ? 'no sample' : told(one.value) };
}

function secretOffers(names: readonly string[]): Offer[] {
  return names.map((label) => ({
    label,
    kind: 'secret',
    detail: 'secret',
    info: 'Alone in its braces; goes to the hosts it is bound to.',
  }));
}

function functionOffer(one: CelFunction): Offer {
  return { label: one.name, kind: 'function', detail: one.signature, info: one.doc, text: `${one.name}(` };
}

/** What a method or macro is called on: `list` of `list.filter(x, condition)`; nothing for what stands alone, such as `size(x)`. */
export function receiverOf(one: CelFunction): string | undefined {
  if (one.kind === 'function') return undefined;
  const match = /^(\w+)\.(\w+)\(/.exec(one.signature);
  return match?.[2] === one.name ? match[1] : undefined;
}

function fits(one: CelFunction, value: unknown): boolean {
  const receiver = receiverOf(one);
  if (receiver === undefined) return false;
  if (value === undefined || value === null || receiver === 'x') return true;
  if (typeof value === 'string') return receiver === 'text';
  if (Array.isArray(value)) return receiver === 'list';
  // Macros over lists go through the keys of a map as well.
  if (isObject(value)) return receiver === 'map' || (receiver === 'list' && one.kind === 'macro');
  return false;
}
