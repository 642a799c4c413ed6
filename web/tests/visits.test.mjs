// Every page, opened cold: nothing in the console, nothing refused by the policy, nothing moves, nothing scrolls sideways, nothing that
// a screen reader would stumble over. Key pages in both themes at three widths, each other one in a combination that changes from
// commit to commit; SLUICE_VISITS=all opens all in all.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addressesOf } from './examples.mjs';
import { axe, overflow, place, ready } from './house.mjs';
import { loadPages } from './pages.mjs';

const themes = ['light', 'dark'];
const widths = [1440, 1024, 390];
const combinations = themes.flatMap((theme) => widths.map((width) => ({ theme, width })));
const keyPages = ['/overview', '/runs', '/runs/$id', '/flows/$id', '/dead-letters', '/login'];
const pictures = join(dirname(place), 'screenshots');

function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'no commit';
  }
}
const chosen = (path, seed) =>
  combinations[createHash('sha256').update(`${seed} ${path}`).digest()[0] % combinations.length];

export async function visits(house, t) {
  const { pages, globalPages, openPages } = await loadPages();
  const seed = commit();
  const wanted = [];
  const add = (path, address, signedIn) => {
    const which = process.env.SLUICE_VISITS === 'all' || keyPages.includes(path) ? combinations : [chosen(path, seed)];
    for (const one of which) wanted.push({ path, address, signedIn, ...one });
  };
  for (const { path } of openPages) add(path, path, false);
  for (const { path } of globalPages) add(path, path, true);
  for (const { path } of pages) {
    for (const address of await addressesOf(path, (where) => house.api(where))) add(path, `/w/default${address}`, true);
  }
  mkdirSync(pictures, { recursive: true });
  // One context for each combination, two visits at a time.
  const contexts = new Map();
  const contextOf = ({ theme, width, signedIn }) => {
    const key = `${theme} ${width} ${signedIn}`;
    if (!contexts.has(key)) contexts.set(key, house.context({ theme, width, signedIn }));
    return contexts.get(key);
  };
  await t.test('pages that are opened cold', { concurrency: 2 }, async (t) => {
    await Promise.all(
      wanted.map((visit) =>
        t.test(`${visit.path} at ${visit.width}, ${visit.theme}`, async () => {
          await look(house, await contextOf(visit), visit);
        }),
      ),
    );
  });
  for (const context of contexts.values()) await (await context).close();
}

async function look(house, context, { path, address, theme, width }) {
  const page = await house.note(await context.newPage());
  // Without a link there is no invitation: that is what the page says then.
  if (path === '/invite') page.expected.push(/\b410\b|\b401\b/);
  try {
    await page.goto(house.url + address);
    await ready(page);
    const name = `${path.replace(/\W+/g, '-').replace(/^-|-$/g, '')}-${width}-${theme}.png`;
    await page.screenshot({ path: join(pictures, name) });
    assert.equal(await overflow(page), 0, 'it scrolls sideways');
    assert.deepEqual(await axe(page), [], 'axe found');
    const { shifts, moved, refused, headings } = await page.evaluate(() => ({
      shifts: window.shifts,
      moved: window.moved,
      refused: window.refused,
      headings: document.querySelectorAll('h1').length,
    }));
    assert.deepEqual(refused, [], 'the policy refused');
    assert.equal(headings, 1, 'one heading of the first order');
    assert.ok(shifts <= 0.02, `what is on the page moved by ${shifts.toFixed(3)}:\n${moved.join('\n')}`);
    assert.notEqual(await page.title(), 'Sluice', 'the tab has a title of its own');
    assert.deepEqual(page.wrongs, []);
  } finally {
    await page.close();
  }
}
