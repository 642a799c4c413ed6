// What the browser tests need: the real binary on demonstration data, one Chromium, signed-in contexts that keep note of everything
// that goes wrong on a page.
//
// SLUICE_BINARY names the binary; SLUICE_DASHBOARD_DIR a built dashboard to test instead of the one in the binary.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const patience = 90_000;
export const binary = resolve(process.env.SLUICE_BINARY ?? 'build/release/sluice');
/** Where pictures and the demonstration are kept: beside the binary. */
export const place = resolve(process.env.SLUICE_TEST_PLACE ?? dirname(binary));
const here = dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(join(here, '../node_modules/axe-core/axe.min.js'), 'utf8');
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLUICE_|OPENAI_)/.test(name)));

/** Runs a command of the binary; its standard output. */
export function sluice(...args) {
  const done = spawnSync(binary, args, { env: clean, encoding: 'utf8', timeout: 180_000, maxBuffer: 64 << 20 });
  if (done.status !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${done.status}:\n${done.stderr}`);
  return done.stdout;
}

const freePort = () =>
  new Promise((done, failed) => {
    const probe = createServer();
    probe.on('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

/** A fresh copy of the demonstration, which is made once for each binary. */
function demonstration() {
  const hash = createHash('sha256').update(readFileSync(binary)).digest('hex').slice(0, 16);
  const kept = join(place, 'web', 'demo', hash);
  if (!existsSync(join(kept, 'told.json'))) {
    rmSync(join(place, 'web', 'demo'), { recursive: true, force: true });
    const made = `${kept}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    const told = sluice('seed', '--demo', '--now', 'now', '--data', join(made, 'data'), '--json');
    writeFileSync(join(made, 'told.json'), told);
    renameSync(made, kept);
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-web-'));
  cpSync(kept, folder, { recursive: true });
  return folder;
}

export class House {
  static async open() {
    const house = new House();
    house.folder = demonstration();
    house.data = join(house.folder, 'data');
    house.told = JSON.parse(readFileSync(join(house.folder, 'told.json'), 'utf8'));
    house.port = await freePort();
    house.url = `http://127.0.0.1:${house.port}`;
    house.key = JSON.parse(
      sluice(
        'key',
        'create',
        '--data',
        house.data,
        '--workspace',
        'default',
        '--role',
        'owner',
        '--name',
        'tests',
        '--json',
      ),
    ).key;
    await house.start();
    house.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: flags,
    });
    return house;
  }

  /** A server of its own without anything in it, in the same browser: as after the installation. */
  static async empty({ browser }) {
    const house = new House();
    house.folder = mkdtempSync(join(tmpdir(), 'sluice-web-'));
    house.data = join(house.folder, 'data');
    house.port = await freePort();
    house.url = `http://127.0.0.1:${house.port}`;
    await house.start();
    // Its contexts are the caller's to close.
    house.sharedBrowser = browser;
    return house;
  }

  async start() {
    const args = ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--limits-user-rate', '0'];
    if (process.env.SLUICE_DASHBOARD_DIR) args.push('--dashboard-dir', resolve(process.env.SLUICE_DASHBOARD_DIR));
    const server = spawn(binary, args, { env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
    this.server = server;
    this.log = '';
    const collect = (piece) => {
      this.log += piece;
    };
    server.stdout.on('data', collect);
    server.stderr.on('data', collect);
    server.ended = new Promise((done) => server.on('exit', done));
    const end = Date.now() + patience;
    while (!this.log.includes('listening on')) {
      if (server.exitCode !== null || Date.now() > end) throw new Error(`the server did not start:\n${this.log}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async stop(signal = 'SIGTERM') {
    this.server.kill(signal);
    await this.server.ended;
  }

  async close() {
    await this.browser?.close();
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** REST as the owner of the demonstration's workspace. */
  async api(path, options = {}) {
    const answer = await fetch(this.url + path, {
      ...options,
      headers: { Authorization: `Bearer ${this.key}`, 'Content-Type': 'application/json', ...options.headers },
    });
    if (!answer.ok) throw new Error(`${options.method ?? 'GET'} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** Goes to a page of the demonstration's workspace, until it is there. */
  async go(page, path) {
    await page.goto(`${this.url}/w/default${path}`);
    await ready(page);
  }

  /** Makes an account by an invitation, as the person would. */
  async addPerson(email, role, password) {
    const { path } = await this.api('/api/v1/invitations', { method: 'POST', body: JSON.stringify({ email, role }) });
    const token = path.slice(path.indexOf('token=') + 6);
    await this.api(`/api/v1/auth/invitations/${token}`, {
      method: 'POST',
      body: JSON.stringify({ name: email, password }),
    });
  }

  /** A one-time link that signs a browser in as owner. */
  link(workspace = 'default') {
    return sluice('link', '--data', this.data, '--workspace', workspace, '--url', this.url).trim().split(/\s+/).at(-1);
  }

  /** A context that is signed in: theme "light" or "dark", width in pixels. Its pages note what goes wrong: `page.wrongs`. */
  async context({ theme = 'light', width = 1440, signedIn = true, ...options } = {}) {
    const context = await (this.browser ?? this.sharedBrowser).newContext({
      viewport: { width, height: width < 640 ? 844 : 900 },
      colorScheme: theme,
      reducedMotion: 'reduce',
      hasTouch: width < 640,
      ...(signedIn ? { storageState: await this.state() } : {}),
      ...options,
    });
    context.setDefaultTimeout(patience);
    await context.addInitScript(watchPage);
    return context;
  }

  async state() {
    this.kept ??= (async () => {
      const context = await this.browser.newContext();
      const page = await context.newPage();
      await page.goto(this.link());
      await page.waitForSelector('main[data-ready]');
      const state = await context.storageState();
      await context.close();
      return state;
    })();
    return this.kept;
  }

  note(page) {
    noteWrongs(page);
    return page;
  }

  /** A page in a context of its own. */
  async page(options) {
    return this.note(await (await this.context(options)).newPage());
  }
}

// In the page, before anything else: what moves, and what the policy refuses.
function watchPage() {
  window.shifts = 0;
  window.moved = [];
  window.refused = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    window.refused.push(
      `${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile ?? ''}:${event.lineNumber}`,
    );
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.shifts += entry.value;
      for (const { node, previousRect: from, currentRect: to } of entry.sources) {
        const name =
          node?.nodeType === 1 ? `${node.tagName} ${node.className}` : `text ${node?.textContent?.slice(0, 40)}`;
        const box = (rect) => `${rect.x},${rect.y} ${rect.width}x${rect.height}`;
        window.moved.push(`${entry.value.toFixed(4)} ${name}: ${box(from)} to ${box(to)}`);
      }
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Keeps in `page.wrongs` every error of the console, of scripts and of requests. `page.expected`: patterns of those that are meant. */
function noteWrongs(page) {
  page.wrongs = [];
  page.expected = [];
  const note = (text) => {
    if (!page.expected.some((pattern) => pattern.test(text))) page.wrongs.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      note(`console ${message.type()}: ${message.text().slice(0, 500)}`);
  });
  page.on('pageerror', (error) => note(`script: ${error}`));
  page.on('response', (answer) => {
    if (answer.status() >= 400) note(`${answer.status()} of ${answer.request().method()} ${answer.url()}`);
  });
  page.on('requestfailed', (request) => {
    // What a page no longer needs is given up.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED')
      note(`${request.failure()?.errorText} of ${request.url()}`);
  });
}

export async function ready(page) {
  await page.waitForSelector('main[data-ready]');
}

/** The end of a page on which nothing was wrong. */
export async function end(page) {
  assert.deepEqual(page.wrongs, []);
  await page.context().close();
}

/** Serious and critical findings of axe, one a line. It comes over the debugger: the policy under test lets no other script in. */
export async function axe(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axeSource });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map((one) => one.id + ': ' + one.help + ' at ' + one.nodes.slice(0, 3).map((node) => node.target.join(' ') +
        ' ' + (node.any[0]?.message ?? node.all[0]?.message ?? '')).join(' | '))))`,
    awaitPromise: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(`axe failed: ${exceptionDetails.exception?.description}`);
  return JSON.parse(result.value);
}

/** By how many pixels the page or its content is wider than the window. */
export const overflow = (page) =>
  page.evaluate(() =>
    Math.max(
      document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll('#content, main')].map((box) => box.scrollWidth - box.clientWidth),
    ),
  );
