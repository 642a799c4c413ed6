// node scripts/precompress.mjs DIST: packs every text file of a built dashboard as NAME.br and NAME.gz and removes the plain one,
// except index.html, which the server fills in. What is packed already by its format (fonts, pictures) stays as it is. The same
// input gives the same bytes: no times, the files in order.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = process.argv[2];
if (!dist) {
  console.error('usage: node scripts/precompress.mjs DIST');
  process.exit(2);
}
const text = /\.(js|css|svg|json|txt|webmanifest)$/;
rmSync(join(dist, '.vite'), { recursive: true, force: true });

function* files(folder) {
  for (const entry of readdirSync(join(dist, folder), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(name);
    else yield name;
  }
}

const sum = { plain: 0, br: 0, gz: 0 };
for (const name of [...files('')]) {
  const content = readFileSync(join(dist, name));
  sum.plain += content.length;
  if (!text.test(name)) {
    sum.br += content.length;
    continue;
  }
  const br = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  const gz = gzipSync(content, { level: 9 });
  writeFileSync(join(dist, `${name}.br`), br);
  writeFileSync(join(dist, `${name}.gz`), gz);
  rmSync(join(dist, name));
  sum.br += br.length;
  sum.gz += gz.length;
}
const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
console.log(`dashboard: ${kib(sum.plain)}, packed ${kib(sum.br)} (brotli and fonts) and ${kib(sum.gz)} (gzip)`);
