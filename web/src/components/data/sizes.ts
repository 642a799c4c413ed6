// What is shown of a large value, and how it is loaded: the first 64 KiB at once, the rest in parts when asked for.

export const KIB = 1024;
/** Bytes that are shown at once. */
export const FIRST_PART = 64 * KIB;
/** Bytes of each further part. */
export const NEXT_PART = 256 * KIB;
/** Above this tree, table, schema and Markdown are off: building them would stop the page. */
export const STRUCTURE_LIMIT = 1024 * KIB;
/** Above this Markdown is shown as its text. */
export const MARKDOWN_LIMIT = 64 * KIB;

/** A part of a value's JSON text: its text, and the size of the whole in bytes. */
export interface Part {
  text: string;
  total: number;
}
/** Loads `limit` bytes from byte `offset`. Parts are asked for one after the other, without gaps. */
export type LoadPart = (offset: number, limit: number) => Promise<Part>;

export function byteLength(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** The next part to load, or nothing when all is there. A total that is not known yet is `undefined`. */
export function nextPart(loaded: number, total: number | undefined): { offset: number; limit: number } | undefined {
  if (total === undefined || loaded === 0) return total === 0 ? undefined : { offset: 0, limit: FIRST_PART };
  if (loaded >= total) return undefined;
  return { offset: loaded, limit: Math.min(NEXT_PART, total - loaded) };
}

/** Why a view of the structure is not to be had; nothing when it is. */
export function structureRefusal(loaded: number, total: number): string | undefined {
  if (total > STRUCTURE_LIMIT) {
    return `This value has ${sizeText(total)}. Above ${sizeText(STRUCTURE_LIMIT)} it is shown as text only, because a tree of it would stop the page.`;
  }
  if (loaded < total) {
    return `${sizeText(loaded)} of ${sizeText(total)} are loaded. Load the rest to see it as a tree.`;
  }
  return undefined;
}

/** Why Markdown is shown as its text; nothing when it is rendered. */
export function markdownRefusal(bytes: number): string | undefined {
  if (bytes <= MARKDOWN_LIMIT) return undefined;
  return `This text has ${sizeText(bytes)}. Above ${sizeText(MARKDOWN_LIMIT)} Markdown is shown as text, because rendering it would stop the page.`;
}

/** Bytes for people: `812 B`, `64 KiB`, `4.8 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / KIB;
  let unit = 0;
  while (value >= KIB && unit < units.length - 1) {
    value /= KIB;
    unit++;
  }
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * A loader over a request for a range of bytes. A part may end within a character, so the pieces go through one
 * decoder in their order; asking for offset 0 begins anew. `total` is what `Content-Range` says.
 */
export function partsOf(fetchPart: (offset: number, limit: number) => Promise<Response>): LoadPart {
  let decoder = new TextDecoder();
  return async (offset, limit) => {
    const answer = await fetchPart(offset, limit);
    const bytes = await answer.arrayBuffer();
    // Here, not before the answer: of two first parts that are asked for at once only one is used.
    if (offset === 0) decoder = new TextDecoder();
    const range = /\/(\d+)\s*$/.exec(answer.headers.get('Content-Range') ?? '');
    const total = range ? Number(range[1]) : offset + bytes.byteLength;
    return { text: decoder.decode(bytes, { stream: offset + bytes.byteLength < total }), total };
  };
}

/** A loader over a text that is there already. */
export function partsOfText(text: string): LoadPart {
  const bytes = new TextEncoder().encode(text);
  return partsOf((offset, limit) => {
    const part = bytes.slice(offset, offset + limit);
    const headers = { 'Content-Range': `bytes ${offset}-${offset + part.length - 1}/${bytes.length}` };
    return Promise.resolve(new Response(part, { headers }));
  });
}
