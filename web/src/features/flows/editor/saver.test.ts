import { describe, expect, it } from 'vitest';
import type { FlowDocument } from '@/components/data/flow';
import { fingerprint, type LocalCopy } from './local';
import { type Failure, revisionOf, type Saved, Saver, type Write } from './saver';

const flow = (name: string): FlowDocument => ({ name, nodes: [] });

class Stop extends Error {
  constructor(readonly how: Failure) {
    super(how);
  }
}

/** A server of one draft, a clock that is moved by hand, and a browser's storage. */
class World {
  draft: { document: FlowDocument; revision: number } | undefined;
  version: FlowDocument = flow('v1');
  writes: Write[] = [];
  away = false;
  loseAnswer = false;
  forbid = false;
  room = true;
  copy: LocalCopy | undefined;
  now = 0;
  private timers: { at: number; act: () => void }[] = [];
  /** While set, answers wait for it. */
  gate: Promise<void> | undefined;
  said: string[] = [];
  saver: Saver;

  constructor(begin?: Saved) {
    this.saver = new Saver(
      {
        put: (write) => this.put(write),
        read: async () => {
          if (this.away) throw new Stop('away');
          return this.server();
        },
        failureOf: (error) => (error as Stop).how,
        keep: (copy) => {
          if (this.room) this.copy = copy;
          return this.room;
        },
        forget: () => {
          this.copy = undefined;
        },
        now: () => this.now,
        after: (milliseconds, act) => {
          const timer = { at: this.now + milliseconds, act };
          this.timers.push(timer);
          return () => {
            this.timers = this.timers.filter((one) => one !== timer);
          };
        },
      },
      begin ?? this.server(),
      (state) => this.said.push(state.kind),
    );
    this.saver.start();
  }

  etag = () => (this.draft ? `"x.${this.draft.revision}"` : '');
  server(): Saved {
    return this.draft
      ? { document: this.draft.document, etag: this.etag(), basedOn: 1 }
      : { document: this.version, etag: '', basedOn: 1 };
  }
  async put(write: Write): Promise<Saved> {
    this.writes.push(write);
    await this.gate;
    if (this.away) throw new Stop('away');
    if (this.forbid) throw new Stop('refused');
    if (write.etag !== '*' && write.etag !== this.etag()) throw new Stop('conflict');
    this.draft = { document: structuredClone(write.document), revision: (this.draft?.revision ?? 0) + 1 };
    if (this.loseAnswer) {
      this.loseAnswer = false;
      throw new Stop('away');
    }
    return this.server();
  }
  /** Moves the clock; what is due happens, and answers arrive. */
  async pass(milliseconds: number) {
    const end = this.now + milliseconds;
    for (;;) {
      const [due] = this.timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at);
      if (!due) break;
      this.timers = this.timers.filter((one) => one !== due);
      this.now = Math.max(this.now, due.at);
      due.act();
      await settle();
    }
    this.now = end;
    await settle();
  }
}
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('saving a draft', () => {
  it('writes 800 ms after the last change, once, and says the revision of the server', async () => {
    const world = new World();
    expect(world.saver.state).toEqual({ kind: 'clean' });
    world.saver.change(flow('a'));
    await world.pass(700);
    world.saver.change(flow('ab'));
    await world.pass(700);
    expect(world.writes).toHaveLength(0);
    expect(world.saver.state.kind).toBe('saving');
    expect(world.copy?.document).toEqual(flow('ab'));
    await world.pass(100);
    expect(world.writes).toHaveLength(1);
    expect(world.writes[0]).toMatchObject({ etag: '', basedOn: 1, document: flow('ab') });
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '1' });
    expect(world.copy).toBeUndefined();
    world.saver.change(flow('abc'));
    await world.pass(800);
    expect(world.writes[1]).toMatchObject({ etag: '"x.1"', basedOn: undefined });
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '2' });
  });

  it('sends one request at a time: what changes meanwhile goes with the next', async () => {
    const world = new World();
    let open = () => {};
    world.gate = new Promise((done) => {
      open = done;
    });
    world.saver.change(flow('a'));
    await world.pass(800);
    world.saver.change(flow('b'));
    await world.pass(5000);
    expect(world.writes).toHaveLength(1);
    world.gate = undefined;
    open();
    await world.pass(0);
    expect(world.saver.state.kind).toBe('saving');
    expect(world.copy?.document).toEqual(flow('b'));
    await world.pass(800);
    expect(world.writes).toHaveLength(2);
    expect(world.draft?.document).toEqual(flow('b'));
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '2' });
  });

  it('writes nothing when a change is taken back in time', async () => {
    const world = new World();
    world.saver.change(flow('a'));
    await world.pass(300);
    world.saver.change(flow('v1'));
    await world.pass(5000);
    expect(world.writes).toHaveLength(0);
    expect(world.saver.state).toEqual({ kind: 'clean' });
    expect(world.copy).toBeUndefined();
  });

  it('keeps the draft in the browser while the server is away, and saves it when it is back', async () => {
    const world = new World();
    world.away = true;
    world.saver.change(flow('a'));
    await world.pass(10_000);
    expect(world.saver.state).toEqual({ kind: 'offline', kept: true });
    expect(world.copy?.document).toEqual(flow('a'));
    world.saver.change(flow('ab'));
    await world.pass(300);
    expect(world.saver.state.kind).toBe('offline');
    expect(world.copy?.document).toEqual(flow('ab'));
    world.away = false;
    await world.pass(10_000);
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '1' });
    expect(world.draft?.document).toEqual(flow('ab'));
    expect(world.copy).toBeUndefined();
  });

  it('says that nothing is kept when the browser has no room', async () => {
    const world = new World();
    world.room = false;
    world.away = true;
    world.saver.change(flow('a'));
    await world.pass(2000);
    expect(world.saver.state).toEqual({ kind: 'offline', kept: false });
  });

  it('takes a lost answer for what it is: no conflict with itself', async () => {
    const world = new World();
    world.loseAnswer = true;
    world.saver.change(flow('a'));
    await world.pass(800);
    expect(world.saver.state.kind).toBe('offline');
    await world.pass(20_000);
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '1' });
    expect(world.said).not.toContain('conflict');
  });

  it('stays unsaved, and says so, when the server refuses; the next change tries again', async () => {
    const world = new World();
    world.forbid = true;
    world.saver.change(flow('a'));
    await world.pass(900);
    expect(world.saver.state).toMatchObject({ kind: 'refused', kept: true });
    expect(world.copy?.document).toEqual(flow('a'));
    world.forbid = false;
    world.saver.change(flow('b'));
    await world.pass(900);
    expect(world.saver.state.kind).toBe('saved');
  });

  it('flushes at once, and behind a request that is on its way', async () => {
    const world = new World();
    world.saver.change(flow('a'));
    await world.saver.flush();
    expect(world.draft?.document).toEqual(flow('a'));
    let open = () => {};
    world.gate = new Promise((done) => {
      open = done;
    });
    world.saver.change(flow('b'));
    const first = world.saver.flush();
    world.saver.change(flow('c'));
    const leaving = world.saver.flush(true);
    expect(world.copy).toMatchObject({ document: flow('c'), sent: fingerprint(flow('b')) });
    world.gate = undefined;
    open();
    await Promise.all([first, leaving]);
    expect(world.draft?.document).toEqual(flow('c'));
    expect(world.writes.at(-1)?.leaving).toBe(true);
  });
});

describe('a conflict', () => {
  const conflicted = async () => {
    const world = new World();
    world.saver.change(flow('mine'));
    world.draft = { document: flow('theirs'), revision: 7 };
    await world.pass(800);
    expect(world.saver.state).toMatchObject({
      kind: 'conflict',
      theirs: { document: flow('theirs'), etag: '"x.7"' },
      base: flow('v1'),
    });
    return world;
  };

  it('stops saving and keeps what is typed on', async () => {
    const world = await conflicted();
    world.saver.change(flow('mine too'));
    await world.pass(5000);
    expect(world.writes).toHaveLength(1);
    expect(world.draft?.document).toEqual(flow('theirs'));
    expect(world.copy?.document).toEqual(flow('mine too'));
    await world.saver.flush(true);
    expect(world.writes).toHaveLength(1);
  });

  it('ends with mine over theirs only when that is asked for', async () => {
    const world = await conflicted();
    await world.saver.overwrite();
    expect(world.writes.at(-1)?.etag).toBe('*');
    expect(world.draft?.document).toEqual(flow('mine'));
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '8' });
    world.saver.change(flow('next'));
    await world.pass(800);
    expect(world.writes.at(-1)?.etag).toBe('"x.8"');
  });

  it('ends with both merged, on top of theirs', async () => {
    const world = await conflicted();
    const { theirs } = world.saver.state as { theirs: Saved };
    world.saver.resolve(theirs, flow('merged'));
    await world.pass(0);
    expect(world.writes.at(-1)).toMatchObject({ etag: '"x.7"', document: flow('merged') });
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '8' });
  });

  it('ends with theirs, and nothing is written', async () => {
    const world = await conflicted();
    const { theirs } = world.saver.state as { theirs: Saved };
    world.saver.resolve(theirs, theirs.document);
    await world.pass(5000);
    expect(world.writes).toHaveLength(1);
    expect(world.saver.state).toEqual({ kind: 'saved', revision: '7' });
    expect(world.copy).toBeUndefined();
  });

  it('is told too when the other published the draft', async () => {
    const world = new World();
    world.saver.change(flow('mine'));
    await world.pass(800);
    world.version = flow('v2');
    world.draft = undefined;
    world.saver.change(flow('mine 2'));
    await world.pass(800);
    expect(world.saver.state).toMatchObject({ kind: 'conflict', theirs: { document: flow('v2'), etag: '' } });
  });
});

it('names a revision by the number at the end of its ETag', () => {
  expect(revisionOf('"661339c723271.41"')).toBe('41');
  expect(revisionOf('"abc"')).toBe('abc');
});
