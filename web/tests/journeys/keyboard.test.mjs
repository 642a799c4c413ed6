// From nothing to a mended run without a mouse: no test here clicks, and none puts the focus anywhere by itself.
import assert from 'node:assert/strict';
import { end, ready } from '../house.mjs';

const text = (value) => JSON.stringify(value);

/** What has the focus, as a screen reader would call it. */
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return 'nothing';
    if (at.hasAttribute('data-canvas')) return 'canvas';
    return (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '').trim();
  });

/** Presses a key until what has the focus is called so. */
async function reach(page, key, wanted) {
  const passed = [];
  for (let presses = 0; presses < 80; presses++) {
    const name = await focused(page);
    if (wanted.test(name)) return;
    passed.push(name.slice(0, 40));
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never came to ${wanted}, but to: ${passed.join(' | ')}`);
}

const arrives = (page, wanted) =>
  page.waitForFunction((name) => {
    const at = document.activeElement;
    return name === 'canvas' ? at?.hasAttribute('data-canvas') : at?.getAttribute('aria-label') === name;
  }, wanted);
const selected = (page, node) =>
  page.waitForFunction((id) => (new URLSearchParams(location.search).get('node') ?? '') === id, node);

async function write(page, words) {
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.keyboard.type(words);
}
/** Chooses by typing, in the dialog that a key has opened. */
async function pick(page, title, words) {
  const dialog = page.getByRole('dialog', { name: title });
  await dialog.getByRole('combobox').waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
}
const isEnabled = (page, name) =>
  page.waitForFunction(
    (label) => [...document.querySelectorAll('button')].some((one) => one.textContent === label && !one.disabled),
    name,
  );

export async function keyboard(house, t) {
  await t.test(
    'three nodes are built, published and run; what failed is seen, mended, and run again from there',
    async () => {
      const page = await house.page();
      await page.goto(`${house.url}/w/default/flows`);
      await ready(page);
      await page.keyboard.press('c');
      await page.getByRole('dialog', { name: 'New flow' }).waitFor();
      await page.waitForFunction(() => document.activeElement?.matches('input[data-autofocus]'));
      await page.keyboard.type('by keyboard');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/flows\/flw_/);
      await arrives(page, 'canvas');
      const id = /flw_\w+/.exec(page.url())[0];

      // Built: each new node follows the one before.
      await page.keyboard.press('a');
      await pick(page, 'Add node', 'set values');
      await selected(page, 'set');
      await arrives(page, 'canvas');
      await page.keyboard.press('Tab');
      await pick(page, 'Add node', 'transform');
      await selected(page, 'transform');

      // Moved, let go of the one before, and led there again.
      await arrives(page, 'canvas');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.matches('[data-first-field]'));
      await write(page, 'Doubled');
      await reach(page, 'Tab', /^Expression/);
      await write(page, '{"twice": input.n * 2}');
      await reach(page, 'Tab', /^Remove edge set→transform$/);
      await page.keyboard.press('Enter');
      await page.getByText('None: it runs at the start').waitFor();
      await page.keyboard.press('Escape');
      await arrives(page, 'canvas');
      await page.keyboard.press('/');
      await pick(page, 'Find node', 'set');
      await selected(page, 'set');
      await arrives(page, 'canvas');
      await page.keyboard.press('e');
      await pick(page, 'Lead an edge from set', 'Doubled');
      await arrives(page, 'canvas');
      await page.keyboard.press('Control+s');
      await page.locator('[data-save=saved]').waitFor();

      // Published: the dialog says what changes, and gives the focus back.
      await page.keyboard.press('Control+Shift+p');
      await page.getByRole('dialog', { name: 'Publish draft' }).getByText('4 added').waitFor();
      await isEnabled(page, 'Publish version');
      await reach(page, 'Tab', /^Note/);
      await page.keyboard.type('doubles');
      await page.keyboard.press('Enter');
      await page.getByText('Version 2 is published and live.').waitFor();
      await arrives(page, 'canvas');
      const { document } = await house.api(`/api/v1/flows/${id}`);
      assert.deepEqual(
        document.edges.map((edge) => `${edge.from} ${edge.to}`),
        ['input set', 'set transform'],
      );
      const made = document.nodes.at(-1);
      assert.deepEqual([made.name, made.config.expression], ['Doubled', '{"twice": input.n * 2}']);
      assert.equal(made.position.y, 8);

      // Run: it fails, and the run's page goes to the step that did.
      await page.keyboard.press('Control+Shift+Enter');
      await isEnabled(page, 'Run version 2');
      await reach(page, 'Shift+Tab', /^Input of the run, as JSON$/);
      await write(page, '{"n": "many", "name": "Ada"}');
      await page.keyboard.press('Control+Enter');
      await page.waitForURL(/\/runs\/run_/);
      await ready(page);
      await page.locator('header [data-status=failed]').waitFor();
      const failed = /run_\w+/.exec(page.url())[0];
      await page.locator('[role=row][data-step=transform][data-status=failed]').waitFor();
      await page.keyboard.press('n');
      await page.locator('[data-inspector=transform]').getByRole('group', { name: 'Error' }).waitFor();

      // Mended: the version that ran is a link to the flow.
      await reach(page, 'Tab', /^v2$/);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Versions' }).waitFor();
      await page.keyboard.press('Escape');
      await arrives(page, 'canvas');
      await page.keyboard.press('/');
      await pick(page, 'Find node', 'Doubled');
      await selected(page, 'transform');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.matches('[data-first-field]'));
      await reach(page, 'Tab', /^Expression/);
      await write(page, '{"twice": size(input.n) * 2}');
      await page.keyboard.press('Control+Shift+p');
      await isEnabled(page, 'Publish version');
      await page.keyboard.press('Enter');
      await page.getByText('Version 3 is published and live.').waitFor();
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label')?.startsWith('Expression'));
      await page.keyboard.press('Escape');
      await arrives(page, 'canvas');

      // Run again from there, with the version that is live now: the editor leads to the run that it shows.
      await page.getByRole('link', { name: 'Open run' }).waitFor();
      await reach(page, 'Shift+Tab', /^Open run/);
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname.endsWith(failed));
      await ready(page);
      await page.locator('[role=row][data-step=transform][data-status=failed]').waitFor();
      await page.keyboard.press('n');
      await page.locator('[data-inspector=transform]').waitFor();
      await page.keyboard.press('Shift+R');
      await isEnabled(page, 'Run again from transform');
      await reach(page, 'Tab', /^Version/);
      await page.keyboard.press('ArrowDown');
      await page.getByRole('option', { name: 'The live one' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await reach(page, 'Tab', /^Run again from transform$/);
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname.includes('/runs/run_') && !url.pathname.endsWith(failed));
      await page.locator('header [data-status=succeeded]').waitFor();
      const again = await house.api(`/api/v1/runs/${/run_\w+/.exec(page.url())[0]}`);
      assert.deepEqual([again.status, again.parent_run_id, again.flow.version], ['succeeded', failed, 3]);
      assert.deepEqual(again.output.transform, { twice: 8 });
      const { items } = await house.api(`/api/v1/runs/${again.id}/steps`);
      assert.deepEqual(
        items.map((step) => [step.path, step.reused === true]),
        [
          ['input', true],
          ['set', true],
          ['transform', false],
        ],
      );
      await end(page);
    },
  );

  await t.test('each dialog of the editor gives the focus back to what opened it', async () => {
    const body = { name: 'focus', nodes: [{ id: 'input', type: 'input', position: { x: 0, y: 0 } }] };
    const { id } = await house.api('/api/v1/flows', { method: 'POST', body: text(body) });
    const page = await house.page();
    await page.goto(`${house.url}/w/default/flows/${id}`);
    await ready(page);
    await arrives(page, 'canvas');
    for (const [key, title] of [
      ['a', 'Add node'],
      ['/', 'Find node'],
      ['Control+Enter', 'Test run of the draft'],
      ['Control+Shift+Enter', 'Run focus'],
      ['Control+Shift+p', 'Publish draft'],
    ]) {
      await page.keyboard.press(key);
      const dialog = page.getByRole('dialog', { name: title });
      await dialog.waitFor();
      await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await arrives(page, 'canvas');
    }
    await reach(page, 'Shift+Tab', /^Versions$/);
    for (const [name, title] of [
      ['Versions', 'Versions'],
      ['Run v1', 'Run focus'],
      ['Test run', 'Test run of the draft'],
    ]) {
      await reach(page, 'Tab', new RegExp(`^${name}$`));
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: title });
      await dialog.waitFor();
      await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForFunction((label) => document.activeElement?.textContent === label, name);
    }
    // An entry of a menu is gone by then: its button has the focus.
    await reach(page, 'Tab', /^More actions$/);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Replace draft by file' }).waitFor();
    await reach(page, 'ArrowDown', /^Replace draft by file$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Replace draft' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Replace draft' }).waitFor({ state: 'detached' });
    await arrives(page, 'More actions');
    await end(page);
  });

  await t.test('each dialog of a run gives the focus back to its button', async () => {
    const page = await house.page();
    await house.go(page, `/runs/${house.told.runs.failed}`);
    for (const [name, title] of [
      ['Retry run', /^Retry /],
      ['Run again', 'Run again'],
    ]) {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: title });
      await dialog.waitFor();
      await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForFunction((label) => document.activeElement?.textContent === label, name);
    }
    await end(page);
  });

  await t.test('the palette is one stop of Tab, and its kinds are walked by arrows', async () => {
    const body = { name: 'palette', nodes: [{ id: 'input', type: 'input', position: { x: 0, y: 0 } }] };
    const { id } = await house.api('/api/v1/flows', { method: 'POST', body: text(body) });
    const page = await house.page();
    await page.goto(`${house.url}/w/default/flows/${id}`);
    await ready(page);
    await arrives(page, 'canvas');
    await page.keyboard.press('Shift+Tab');
    const first = await page.evaluate(() => document.activeElement.dataset.kind);
    assert.ok(first, 'a kind of the palette comes before the canvas');
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate(() => document.activeElement.dataset.kind);
    assert.notEqual(second, first);
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(page), 'Search node types');
    await page.keyboard.type('transform');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.kind), 'transform');
    await page.keyboard.press('Enter');
    await selected(page, 'transform');
    await arrives(page, 'canvas');
    await page.keyboard.press('Control+s');
    await page.locator('[data-save=saved]').waitFor();
    await end(page);
  });
}
