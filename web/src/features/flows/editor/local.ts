// Copies of unsaved drafts in this browser, until the server has them. Each tab has its own, so that two tabs cannot overwrite each
// other's; a tab takes over what a tab that is gone left behind. They belong to the person: another one who signs in here does
// not get them.
import type { FlowDocument } from '@/components/data/flow';
import { isObject, same } from '@/components/data/json';

export interface LocalCopy {
  document: FlowDocument;
  /** What the server had acknowledged when it was written, and under which ETag; empty: there was no draft. */
  base: FlowDocument;
  etag: string;
  basedOn: number;
  /** Of the document that was on its way: the answer may not have arrived. */
  sent?: string;
  /** Milliseconds. */
  at: number;
}

/** Of `localStorage`, so that tests can do without a browser. */
export interface Entries {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class LocalCopies {
  private baseText: { of: FlowDocument; text: string } | undefined;

  constructor(
    private readonly entries: Entries,
    /** Whose, and of which flow: "ws/usr_1/flw_2". */
    private readonly owner: string,
    private readonly tab: string,
  ) {}

  private get prefix(): string {
    return `sluice.draft/${this.owner}/`;
  }

  /** False: there is no room for it. */
  write(copy: LocalCopy): boolean {
    const { base, document, ...rest } = copy;
    if (this.baseText?.of !== base) this.baseText = { of: base, text: JSON.stringify(base) };
    const head = JSON.stringify(rest).slice(0, -1);
    const text = `${head},"base":${this.baseText.text},"document":${JSON.stringify(document)}}`;
    try {
      this.entries.setItem(this.prefix + this.tab, text);
      return true;
    } catch {
      return false;
    }
  }

  remove(): void {
    this.entries.removeItem(this.prefix + this.tab);
  }

  /** The newest copy of this tab or of one that is gone. What other living tabs keep is theirs. */
  read(isAlive: (tab: string) => boolean): LocalCopy | undefined {
    const found: { key: string; copy: LocalCopy }[] = [];
    for (let index = 0; index < this.entries.length; index++) {
      const key = this.entries.key(index);
      if (!key?.startsWith(this.prefix)) continue;
      const tab = key.slice(this.prefix.length);
      if (tab !== this.tab && isAlive(tab)) continue;
      const copy = parsed(this.entries.getItem(key));
      if (copy) found.push({ key, copy });
    }
    found.sort((a, b) => b.copy.at - a.copy.at);
    const [newest] = found;
    if (!newest) return undefined;
    if (newest.key !== this.prefix + this.tab && this.write(newest.copy)) this.entries.removeItem(newest.key);
    return newest.copy;
  }
}

function parsed(text: string | null): LocalCopy | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!isObject(value) || !isObject(value.document) || !isObject(value.base)) return undefined;
    if (typeof value.etag !== 'string' || typeof value.basedOn !== 'number' || typeof value.at !== 'number')
      return undefined;
    return value as unknown as LocalCopy;
  } catch {
    return undefined;
  }
}

/** A short text that is the same for the same JSON, whatever the order of its members. */
export function fingerprint(value: unknown): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (const unit of ordered(value)) {
    const code = unit.charCodeAt(0);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  return `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}

function ordered(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([x], [y]) => (x < y ? -1 : 1))) : part,
  );
}

export interface ServerState {
  document: FlowDocument;
  /** Of the draft; empty: there is none, and the document is a version's. */
  etag: string;
  basedOn: number;
}

export type Opening =
  | { kind: 'server' }
  /** What was not saved when the page went: it goes on from here. */
  | { kind: 'restored'; document: FlowDocument }
  /** Somebody else, or another tab, wrote in the meantime. */
  | { kind: 'conflict'; mine: FlowDocument; base: FlowDocument };

/** What a page begins with: what the server has, or what this browser kept. */
export function openingOf(server: ServerState, copy: LocalCopy | undefined): Opening {
  if (!copy || same(copy.document, server.document)) return { kind: 'server' };
  if (copy.etag === server.etag && (copy.etag !== '' || copy.basedOn === server.basedOn)) {
    return { kind: 'restored', document: copy.document };
  }
  // The last write arrived, its answer did not.
  if (copy.sent !== undefined && copy.sent === fingerprint(server.document)) {
    return { kind: 'restored', document: copy.document };
  }
  if (same(copy.base, server.document)) return { kind: 'restored', document: copy.document };
  return { kind: 'conflict', mine: copy.document, base: copy.base };
}
