// node tests/weight.mjs MANIFEST DIST: what must be loaded before a page is seen, by Vite's manifest and the packed files. Fails with
// the files of what is too heavy, the heaviest first.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [manifestPath, dist] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const sizeOf = (file, packing) => {
  try {
    return statSync(join(dist, packing ? `${file}.${packing}` : file)).size;
  } catch {
    return statSync(join(dist, file)).size; // fonts are kept as they are
  }
};

/** The chunks that a chunk imports at once, with itself. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}
const filesOf = (keys, kind) =>
  [...new Set([...keys].flatMap((key) => (kind === 'css' ? (manifest[key].css ?? []) : [manifest[key].file])))].filter(
    (file) => file.endsWith(`.${kind}`),
  );

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const initial = closure(entry);
const judged = [
  { what: 'JavaScript before the first page', files: filesOf(initial, 'js'), most: 190 },
  { what: 'styles before the first page', files: filesOf(initial, 'css'), most: 40 },
];
for (const key of Object.keys(manifest).filter((one) => manifest[one].isDynamicEntry && one.startsWith('src/'))) {
  const more = [...closure(key)].filter((one) => !initial.has(one));
  judged.push({ what: `the page or part ${key.slice(4)}`, files: filesOf(more, 'js'), most: 220 });
}

let failed = false;
for (const { what, files, most } of judged) {
  const sizes = files.map((file) => [sizeOf(file, 'gz'), file]).sort(([a], [b]) => b - a);
  const sum = sizes.reduce((total, [size]) => total + size, 0);
  const over = sum > most * 1024;
  console.log(`${over ? 'TOO HEAVY ' : ''}${what}: ${kib(sum)} of ${most} KiB`);
  if (!over) continue;
  failed = true;
  for (const [size, file] of sizes.slice(0, 8)) console.log(`    ${kib(size)} ${file}`);
}

const all = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
const brotli = all
  .filter((one) => !one.name.endsWith('.gz'))
  .reduce((total, one) => total + statSync(join(one.parentPath ?? one.path, one.name)).size, 0);
const latin = all.find((one) => /inter-latin-wght/.test(one.name));
const font = statSync(join(latin.parentPath ?? latin.path, latin.name)).size;
for (const [what, size, most] of [
  ['everything, by brotli', brotli, 1536],
  ['the font', font, 50],
]) {
  const over = size > most * 1024;
  console.log(`${over ? 'TOO HEAVY ' : ''}${what}: ${kib(size)} of ${most} KiB`);
  failed ||= over;
}
process.exit(failed ? 1 : 0);
