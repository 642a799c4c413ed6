// Views of a value beside its tree: its shape (names and types), and a table of a list of flat objects.
import { isObject, type Json, type JsonObject } from './json';

interface Shape {
  types: Set<string>;
  members: Map<string, { shape: Shape; count: number }>;
  objects: number;
  items: Shape | undefined;
}

// More items than these say nothing new about a list.
const MOST_ITEMS = 1000;
// An object with more members than these is a map: its keys are data.
const MOST_MEMBERS = 100;

function fresh(): Shape {
  return { types: new Set(), members: new Map(), objects: 0, items: undefined };
}

function add(shape: Shape, value: Json): void {
  if (Array.isArray(value)) {
    shape.types.add('list');
    shape.items ??= fresh();
    for (const item of value.slice(0, MOST_ITEMS)) add(shape.items, item);
  } else if (isObject(value)) {
    shape.types.add('object');
    shape.objects++;
    for (const [name, part] of Object.entries(value)) {
      let member = shape.members.get(name);
      if (!member) {
        member = { shape: fresh(), count: 0 };
        shape.members.set(name, member);
      }
      member.count++;
      add(member.shape, part);
    }
  } else {
    shape.types.add(
      value === null ? 'null' : typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value,
    );
  }
}

function written(shape: Shape): Json {
  const types = new Set(shape.types);
  if (types.has('integer') && types.has('number')) types.delete('integer');
  const simple = [...types].filter((type) => type !== 'list' && type !== 'object').sort();
  if (types.has('object') && simple.length === 0 && !types.has('list')) return members(shape);
  if (types.has('list') && simple.length === 0 && !types.has('object')) {
    const items = shape.items && shape.items.types.size > 0 ? written(shape.items) : undefined;
    return items === undefined ? [] : [items];
  }
  if (simple.length === types.size) return simple.join(' or ');
  // Of several kinds: each by itself.
  const each: JsonObject = {};
  for (const type of simple) each[type] = type;
  if (types.has('object')) each.object = members(shape);
  if (types.has('list')) each.list = shape.items ? [written(shape.items)] : [];
  return { 'one of': each };
}

function members(shape: Shape): Json {
  if (shape.members.size > MOST_MEMBERS) {
    const all = fresh();
    for (const { shape: one } of shape.members.values()) join(all, one);
    return { [`any of ${shape.members.size} names`]: written(all) };
  }
  const out: JsonObject = {};
  for (const [name, { shape: one, count }] of shape.members)
    out[count < shape.objects ? `${name}?` : name] = written(one);
  return out;
}

function join(into: Shape, from: Shape): void {
  for (const type of from.types) into.types.add(type);
  into.objects += from.objects;
  for (const [name, { shape, count }] of from.members) {
    const known = into.members.get(name);
    if (known) {
      known.count += count;
      join(known.shape, shape);
    } else into.members.set(name, { shape, count });
  }
  if (from.items) {
    into.items ??= fresh();
    join(into.items, from.items);
  }
}

/** The shape of a value as JSON to show: `{"id": "integer", "note?": "string or null", "tags": ["string"]}`. */
export function shapeOf(value: Json): Json {
  const shape = fresh();
  add(shape, value);
  return written(shape);
}

export interface Table {
  columns: string[];
  rows: JsonObject[];
  /** Columns that are not shown. */
  more: number;
}

const MOST_COLUMNS = 40;

/** The value as a table, when it is a list of objects of which most members are flat; else nothing. */
export function tableOf(value: unknown): Table | undefined {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return undefined;
  const rows = value as JsonObject[];
  const columns = new Set<string>();
  let [flat, deep] = [0, 0];
  for (const row of rows.slice(0, MOST_ITEMS)) {
    for (const [name, part] of Object.entries(row)) {
      columns.add(name);
      if (typeof part === 'object' && part !== null) deep++;
      else flat++;
    }
  }
  if (columns.size === 0 || flat < deep) return undefined;
  const names = [...columns];
  return { columns: names.slice(0, MOST_COLUMNS), rows, more: Math.max(0, names.length - MOST_COLUMNS) };
}
