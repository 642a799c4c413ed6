import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { licenses } from './scripts/licenses.mjs';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// `SLUICE_DEV=http://127.0.0.1:8080 npx vite`: pages from here, everything else from that server.
const server = process.env.SLUICE_DEV ?? 'http://127.0.0.1:8080';
const proxied = [
  '/api',
  '/auth',
  '/v1',
  '/v1beta',
  '/mcp',
  '/hooks',
  '/forms',
  '/embed',
  '/widget.js',
  '/healthz',
  '/readyz',
];

export default defineConfig({
  plugins: [react(), licenses([here('node_modules/@fontsource-variable/inter')]) as Plugin],
  resolve: {
    alias: {
      '@': here('src'),
      // AJV compiles schemas by `new Function`, which the content policy forbids; lib/validator.ts stands in for it.
      '@rjsf/validator-ajv8': here('src/lib/nothing.ts'),
    },
  },
  // The server puts a fresh nonce in its place in each answer.
  // Several people may develop in one tree, each against a server of their own.
  cacheDir: `node_modules/.vite/${server.replace(/\W+/g, '-')}`,
  html: { cspNonce: '__SLUICE_NONCE__' },
  server: {
    host: '127.0.0.1',
    strictPort: true,
    // The browser's Origin and Host stay those of this address: the server compares the two.
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: server, ws: path === '/api' }])),
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  worker: { format: 'es' },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
