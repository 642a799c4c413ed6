// node scripts/api-types.mjs DOCUMENT [--check]: writes src/api/schema.gen.ts from an OpenAPI document (`sluice openapi`);
// with --check it only compares, and fails when the file is not what the document says.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const [document, flag] = process.argv.slice(2);
if (!document || (flag && flag !== '--check')) {
  console.error('usage: node scripts/api-types.mjs DOCUMENT [--check]');
  process.exit(2);
}
const target = fileURLToPath(new URL('../src/api/schema.gen.ts', import.meta.url));
const description = JSON.parse(readFileSync(document, 'utf8'));
// What the dashboard's own files and other vendors' doors are called says nothing to the dashboard.
for (const path of Object.keys(description.paths)) {
  if (!path.startsWith('/api/') && !path.startsWith('/auth/')) delete description.paths[path];
}
// All refusals are problem documents, and the client sends the Idempotency-Key itself: said once, not 180 times.
const refusal = {
  description: 'A refusal',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
for (const operations of Object.values(description.paths)) {
  for (const operation of Object.values(operations)) {
    const good = Object.entries(operation.responses).filter(([status]) => status < '400');
    operation.responses = Object.fromEntries([...good, ['default', refusal]]);
    operation.parameters = operation.parameters?.filter((one) => !one.$ref?.endsWith('/IdempotencyKey'));
  }
}
const header = '// Made by scripts/api-types.mjs from the OpenAPI document of the server. Do not edit.\n\n';
const text = header + astToString(await openapiTS(description, { alphabetize: true, emptyObjectsUnknown: true }));
if (flag) {
  if (readFileSync(target, 'utf8') === text) process.exit(0);
  console.error(
    'web/src/api/schema.gen.ts is not what the server says. Renew it:\n' +
      '  build/release/sluice openapi > /tmp/openapi.json && node web/scripts/api-types.mjs /tmp/openapi.json',
  );
  process.exit(1);
}
writeFileSync(target, text);
