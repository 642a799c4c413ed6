// Ids as people see them. The API's are 30 characters, "run_01jcy3m1q8e2fvt6pr0w5x9zka"; the end is what differs.

/** "run_w5x9zka": the kind and the last seven characters. */
export function shortId(id: string): string {
  const line = id.indexOf('_');
  if (line < 0 || id.length - line - 1 <= 10) return id;
  return `${id.slice(0, line + 1)}${id.slice(-7)}`;
}

/** "run" of "run_…"; empty when it is no id. */
export function kindOfId(id: string): string {
  return /^([a-z]{2,5})_[0-9a-z]{26}$/.exec(id)?.[1] ?? '';
}

/** Random, for Idempotency-Key. `crypto.randomUUID` is missing where a page came over plain HTTP from another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
