// The rows of src/pages.ts, for tests: the file itself, without the pages' code.
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');

export async function loadPages() {
  const folder = mkdtempSync(join(web, 'node_modules/.pages-'));
  const outfile = join(folder, 'pages.mjs');
  try {
    await build({
      entryPoints: [join(web, 'src/pages.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      external: ['./features/*'],
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
