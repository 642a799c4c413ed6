import { describe, expect, it } from 'vitest';
import type { FlowDocument } from '@/components/data/flow';
import { type Entries, fingerprint, LocalCopies, type LocalCopy, openingOf } from './local';

const flow = (name: string): FlowDocument => ({ name, nodes: [] });
const copy = (more: Partial<LocalCopy> = {}): LocalCopy => ({
  document: flow('mine'),
  base: flow('base'),
  etag: '"x.1"',
  basedOn: 1,
  at: 5,
  ...more,
});

class Shelf implements Entries {
  readonly kept = new Map<string, string>();
  full = false;
  get length() {
    return this.kept.size;
  }
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem(key: string, value: string) {
    if (this.full) throw new Error('QuotaExceededError');
    this.kept.set(key, value);
  }
  removeItem = (key: string) => void this.kept.delete(key);
}
const dead = () => false;

describe('copies in the browser', () => {
  it('gives back what was written', () => {
    const shelf = new Shelf();
    const one = new LocalCopies(shelf, 'ws/usr/flw', 'tab');
    expect(one.write(copy({ sent: 'abc' }))).toBe(true);
    expect(one.read(dead)).toEqual(copy({ sent: 'abc' }));
    one.remove();
    expect(one.read(dead)).toBeUndefined();
  });

  it('says when there is no room', () => {
    const shelf = new Shelf();
    shelf.full = true;
    expect(new LocalCopies(shelf, 'a', 'tab').write(copy())).toBe(false);
  });

  it('is of one person and one flow', () => {
    const shelf = new Shelf();
    new LocalCopies(shelf, 'ws/ada/flw_1', 'tab').write(copy());
    expect(new LocalCopies(shelf, 'ws/eve/flw_1', 'tab').read(dead)).toBeUndefined();
    expect(new LocalCopies(shelf, 'ws/ada/flw_2', 'tab').read(dead)).toBeUndefined();
  });

  it('leaves a living tab its copy, and takes over that of one that is gone', () => {
    const shelf = new Shelf();
    new LocalCopies(shelf, 'ws/ada/flw', 'old').write(copy());
    const here = new LocalCopies(shelf, 'ws/ada/flw', 'new');
    expect(here.read((tab) => tab === 'old')).toBeUndefined();
    expect(here.read(dead)).toEqual(copy());
    expect([...shelf.kept.keys()]).toEqual(['sluice.draft/ws/ada/flw/new']);
  });

  it('takes the newest, and passes over what is broken', () => {
    const shelf = new Shelf();
    new LocalCopies(shelf, 'o', 'one').write(copy({ at: 1, document: flow('older') }));
    new LocalCopies(shelf, 'o', 'two').write(copy({ at: 2, document: flow('newer') }));
    shelf.kept.set('sluice.draft/o/three', '{"document": 1');
    expect(new LocalCopies(shelf, 'o', 'me').read(dead)?.document).toEqual(flow('newer'));
  });
});

describe('what a page begins with', () => {
  const server = { document: flow('server'), etag: '"x.1"', basedOn: 1 };

  it('is what the server has, when nothing was kept or it is the same', () => {
    expect(openingOf(server, undefined)).toEqual({ kind: 'server' });
    expect(openingOf(server, copy({ document: flow('server'), etag: '"old"' }))).toEqual({ kind: 'server' });
  });

  it('is what was kept, when the server is still at what it was based on', () => {
    expect(openingOf(server, copy())).toEqual({ kind: 'restored', document: flow('mine') });
  });

  it('is what was kept, when only the answer to the last write was lost', () => {
    const lost = copy({ etag: '"x.0"', sent: fingerprint({ nodes: [], name: 'server' }) });
    expect(openingOf(server, lost)).toEqual({ kind: 'restored', document: flow('mine') });
  });

  it('is a conflict, when another wrote in the meantime', () => {
    expect(openingOf(server, copy({ etag: '"x.0"' }))).toEqual({
      kind: 'conflict',
      mine: flow('mine'),
      base: flow('base'),
    });
  });

  it('is a conflict, when another version was published meanwhile and there was no draft', () => {
    const published = { document: flow('v2'), etag: '', basedOn: 2 };
    expect(openingOf(published, copy({ etag: '', basedOn: 1 })).kind).toBe('conflict');
    expect(openingOf({ ...published, basedOn: 1 }, copy({ etag: '', basedOn: 1 })).kind).toBe('restored');
  });
});

it('prints the same finger for the same JSON, in any order of members', () => {
  expect(fingerprint({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprint({ b: [{ d: 3, c: 2 }], a: 1 }));
  expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: 2 }));
});
