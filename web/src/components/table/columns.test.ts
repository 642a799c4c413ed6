import { describe, expect, it } from 'vitest';
import { type Column, fitting, needs } from './columns';

const columns = [
  { key: 'name', title: 'Name', card: 'title' },
  { key: 'kind', title: 'Kind', width: 100 },
  { key: 'about', title: 'About', below: 1280 },
  { key: 'state', title: 'State', width: 120, card: 'mark' },
  { key: 'seen', title: 'Seen', width: 130, below: 1440 },
  { key: 'changed', title: 'Changed', width: 110, below: 1024 },
  { key: 'act', title: '', width: 90 },
] as Column<unknown>[];
const keys = (width: number, beside = false) => fitting(columns, width, false, beside).map((column) => column.key);

describe('columns of a list', () => {
  it('all stand where there is room for them', () => {
    expect(needs(columns, false)).toBe(160 + 100 + 110 + 120 + 130 + 110 + 90);
    expect(keys(820)).toEqual(columns.map((column) => column.key));
  });

  it('go in the order that they say', () => {
    expect(keys(819)).toEqual(['name', 'kind', 'about', 'state', 'changed', 'act']);
    expect(keys(680)).toEqual(['name', 'kind', 'state', 'changed', 'act']);
    expect(keys(570)).toEqual(['name', 'kind', 'state', 'act']);
  });

  it('stay, however narrow the list, where nothing else tells what they tell', () => {
    expect(keys(300)).toEqual(['name', 'kind', 'state', 'act']);
  });

  it('leave the name, the mark and what acts beside open details', () => {
    expect(keys(300, true)).toEqual(['name', 'state', 'act']);
  });

  it('count the boxes that select', () => {
    expect(fitting(columns, 820, true, false).map((column) => column.key)).not.toContain('seen');
  });
});
