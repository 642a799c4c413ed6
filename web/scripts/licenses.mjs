// A plugin of Vite: /licenses.txt with the licence of every package whose code is in the build, and of the font.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the package that a module belongs to; undefined for our own. */
function packageOf(id) {
  const at = id.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const rest = id.slice(at + '/node_modules/'.length).split('/');
  return join(id.slice(0, at), 'node_modules', ...rest.slice(0, rest[0].startsWith('@') ? 2 : 1)).replace(/^\0/, '');
}

function licenceText(folder) {
  const name = readdirSync(folder).find((one) => /^(licen[cs]e|ofl)/i.test(one));
  return name ? readFileSync(join(folder, name), 'utf8').replace(/\r/g, '').trim() : '';
}

export function licenses(extra = []) {
  return {
    name: 'sluice-licenses',
    apply: 'build',
    generateBundle(_, bundle) {
      const folders = new Set(extra);
      for (const chunk of Object.values(bundle)) {
        for (const id of Object.keys(chunk.modules ?? {})) {
          const folder = packageOf(id.split('?')[0].replaceAll('\\', '/'));
          if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder);
        }
      }
      // Packages with the same text share it.
      const byText = new Map();
      for (const folder of folders) {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        const text = licenceText(folder) || `${license ?? 'see the package'}`;
        byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license ?? 'see below'})`]);
      }
      const parts = [...byText]
        .map(([text, names]) => [names.sort().join('\n'), text])
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const line = '-'.repeat(80);
      this.emitFile({
        type: 'asset',
        fileName: 'licenses.txt',
        source: `The dashboard contains these packages.\n\n${parts.map(([names, text]) => `${line}\n${names}\n\n${text}\n`).join('\n')}`,
      });
    },
  };
}
