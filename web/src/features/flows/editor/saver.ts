// Saves the draft of one flow: 800 ms after the last change, one request at a time, each with the revision that it was based on. Until
// the server has acknowledged a change the browser keeps a copy. No timers, network or storage of its own, so that it can be tested.
import type { FlowDocument } from '@/components/data/flow';
import { same } from '@/components/data/json';
import { fingerprint, type LocalCopy } from './local';

export interface Saved {
  document: FlowDocument;
  etag: string;
  basedOn: number;
}

export interface Write {
  document: FlowDocument;
  etag: string;
  basedOn?: number;
  leaving?: boolean;
}

/** How an attempt failed: the answer decides what comes next. */
export type Failure = 'away' | 'conflict' | 'refused';

export interface SaverParts {
  put(write: Write): Promise<Saved>;
  /** What the server has now: the draft, else the version that a new one would begin at. */
  read(): Promise<Saved>;
  failureOf(error: unknown): Failure;
  keep(copy: LocalCopy): boolean;
  forget(): void;
  now(): number;
  after(milliseconds: number, act: () => void): () => void;
}

export type SaveState =
  /** Nothing was changed: what is shown is a version. */
  | { kind: 'clean' }
  | { kind: 'saved'; revision: string }
  | { kind: 'saving' }
  /** `kept`: the browser has a copy. */
  | { kind: 'offline'; kept: boolean }
  | { kind: 'conflict'; theirs: Saved; base: FlowDocument }
  | { kind: 'refused'; error: unknown; kept: boolean };

const AUTOSAVE = 800;
const KEEP = 250;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 10_000;

/** "41" of the ETag "….41": what people see of a revision. */
export function revisionOf(etag: string): string {
  return /\.(\d+)"$/.exec(etag)?.[1] ?? etag.replaceAll('"', '');
}

export class Saver {
  private acknowledged: Saved;
  private document: FlowDocument;
  private flying: Promise<void> | undefined;
  private sent: FlowDocument | undefined;
  private cancelSave: (() => void) | undefined;
  private cancelKeep: (() => void) | undefined;
  private lastKept = Number.NEGATIVE_INFINITY;
  private kept = true;
  private retry = FIRST_RETRY;
  private stopped = false;
  private users = 0;
  /** The next write goes over whatever is there. */
  private over = false;
  private rebase: number | undefined;
  state: SaveState;

  constructor(
    private readonly parts: SaverParts,
    server: Saved,
    private readonly tell: (state: SaveState) => void,
  ) {
    this.acknowledged = server;
    this.document = server.document;
    this.state = this.settled();
  }

  get base(): Saved {
    return this.acknowledged;
  }
  /** Whether the server lacks something. */
  get isDirty(): boolean {
    return this.document !== this.acknowledged.document && !same(this.document, this.acknowledged.document);
  }

  private settled(): SaveState {
    const { etag } = this.acknowledged;
    return etag === '' ? { kind: 'clean' } : { kind: 'saved', revision: revisionOf(etag) };
  }
  private say(state: SaveState): void {
    this.state = state;
    this.tell(state);
  }

  /** The document after an edit. */
  change(document: FlowDocument): void {
    if (document === this.document) return;
    this.document = document;
    if (!this.flying && !this.isDirty && this.state.kind !== 'conflict') {
      this.cancelSave?.();
      this.settle();
      return;
    }
    this.keepSoon();
    if (this.state.kind === 'conflict') return;
    if (this.state.kind !== 'offline') this.say({ kind: 'saving' });
    if (!this.flying && this.state.kind !== 'offline') this.schedule(AUTOSAVE);
  }

  /** What is not saved yet is sent now. `leaving`: the page goes. */
  async flush(leaving = false): Promise<void> {
    if (this.stopped || this.state.kind === 'conflict') {
      this.keepNow();
      return;
    }
    this.cancelSave?.();
    if (leaving && this.isDirty) this.keepNow();
    // Without a wait where there is nothing to wait for: a page that goes has no later.
    if (this.flying) await this.flying;
    if (!this.isDirty || this.isConflict()) return;
    await this.send(leaving);
  }

  private isConflict(): boolean {
    return this.state.kind === 'conflict';
  }

  /** Writes mine over theirs. */
  async overwrite(): Promise<void> {
    if (this.state.kind !== 'conflict') return;
    this.over = true;
    this.say({ kind: 'saving' });
    await this.send(false);
  }

  /** Takes theirs as what the server has; `document` is what goes on from there: theirs itself, or both merged. */
  resolve(theirs: Saved, document: FlowDocument, basedOn?: number): void {
    this.acknowledged = theirs;
    this.document = document;
    this.rebase = basedOn;
    if (!this.isDirty && basedOn === undefined) {
      this.settle();
      return;
    }
    this.keepNow();
    this.say({ kind: 'saving' });
    this.schedule(0);
  }

  /** What this browser kept differs from what the server has by now. */
  conflict(mine: FlowDocument, base: FlowDocument): void {
    this.document = mine;
    this.say({ kind: 'conflict', theirs: this.acknowledged, base });
  }

  /** The draft became a version, or was given up: from now on the document is that version's. */
  reset(saved: Saved): void {
    this.cancelSave?.();
    this.acknowledged = saved;
    this.document = saved.document;
    this.settle();
  }

  /** The network may be back. */
  wake(): void {
    if (this.state.kind === 'offline' && !this.flying) this.schedule(0);
  }

  /** The page is there, and in React's strict mode there again. */
  start(): void {
    this.users++;
    this.stopped = false;
  }

  /** The page is gone: nothing is sent any more. */
  stop(): void {
    this.users--;
    if (this.users > 0) return;
    this.stopped = true;
    this.cancelSave?.();
    this.cancelKeep?.();
  }

  private settle(): void {
    this.cancelKeep?.();
    this.cancelKeep = undefined;
    this.parts.forget();
    this.say(this.settled());
  }

  private schedule(milliseconds: number): void {
    this.cancelSave?.();
    this.cancelSave = this.parts.after(milliseconds, () => void this.send(false));
  }

  private async send(leaving: boolean): Promise<void> {
    if (this.flying || this.stopped) return;
    const document = this.document;
    const { etag } = this.acknowledged;
    const basedOn = this.rebase ?? (etag === '' ? this.acknowledged.basedOn : undefined);
    const over = this.over;
    this.over = false;
    this.sent = document;
    if (this.state.kind !== 'offline') this.say({ kind: 'saving' });
    this.flying = this.parts.put({ document, etag: over ? '*' : etag, basedOn, leaving }).then(
      (saved) => this.arrived(document, saved),
      (error: unknown) => this.failed(error, document),
    );
    await this.flying;
  }

  private arrived(document: FlowDocument, saved: Saved): void {
    this.flying = undefined;
    this.sent = undefined;
    this.rebase = undefined;
    this.retry = FIRST_RETRY;
    // The document that was sent stays the one to compare with: its parts are those of the editor.
    this.acknowledged = { ...saved, document };
    if (this.isDirty) {
      this.keepSoon();
      this.say({ kind: 'saving' });
      if (!this.stopped) this.schedule(AUTOSAVE);
    } else this.settle();
  }

  private async failed(error: unknown, document: FlowDocument): Promise<void> {
    const how = this.parts.failureOf(error);
    if (how === 'conflict') {
      await this.compare(document);
      return;
    }
    this.flying = undefined;
    this.keepNow();
    if (how === 'refused') {
      this.sent = undefined;
      this.say({ kind: 'refused', error, kept: this.kept });
      return;
    }
    this.say({ kind: 'offline', kept: this.kept });
    if (!this.stopped) this.schedule(this.retry);
    this.retry = Math.min(this.retry * 2, LAST_RETRY);
  }

  /** Refused because the draft has changed: by this page itself, when an answer was lost on its way, or by another. */
  private async compare(document: FlowDocument): Promise<void> {
    let theirs: Saved;
    try {
      theirs = await this.parts.read();
    } catch {
      this.flying = undefined;
      this.keepNow();
      this.say({ kind: 'offline', kept: this.kept });
      if (!this.stopped) this.schedule(this.retry);
      return;
    }
    if (same(theirs.document, document) && theirs.etag !== '') {
      this.arrived(document, theirs);
      return;
    }
    this.flying = undefined;
    this.sent = undefined;
    this.keepNow();
    this.say({ kind: 'conflict', theirs, base: this.acknowledged.document });
  }

  private keepSoon(): void {
    const wait = this.lastKept + KEEP - this.parts.now();
    if (wait <= 0) this.keepNow();
    else this.cancelKeep ??= this.parts.after(wait, () => this.keepNow());
  }

  private keepNow(): void {
    this.cancelKeep?.();
    this.cancelKeep = undefined;
    if (!this.isDirty) return;
    this.lastKept = this.parts.now();
    const { etag, basedOn, document: base } = this.acknowledged;
    const sent = this.sent ? fingerprint(this.sent) : undefined;
    this.kept = this.parts.keep({
      document: this.document,
      base,
      etag,
      basedOn,
      at: this.parts.now(),
      ...(sent ? { sent } : {}),
    });
  }
}
