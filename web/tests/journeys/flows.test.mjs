// Flows as a person builds them: by mouse and keyboard, with mistakes taken back, a page that dies, a server that is away, a second
// browser. What the server has afterwards is asked from the API.
import assert from 'node:assert/strict';
import { axe, overflow, ready } from '../house.mjs';

const editor = (house, id, search = '') => `${house.url}/w/default/flows/${id}${search}`;
const canvas = (page) => page.locator('[data-canvas]');
const saved = (page) => page.locator('[data-save=saved]');
const text = (value) => JSON.stringify(value);

/** A flow of its own for each test; its id. */
async function makeFlow(house, name, document) {
  const body = { name, nodes: [{ id: 'input', type: 'input', position: { x: 0, y: 0 } }], ...document };
  return (await house.api('/api/v1/flows?live=false', { method: 'POST', body: text(body) })).id;
}
/** Drafts are of a person: what the browser's own session sees. */
const draftOf = (page, id) =>
  page.evaluate(async (path) => {
    const answer = await fetch(path, { headers: { 'Sluice-Workspace': 'default' } });
    return answer.ok ? (await answer.json()).document : undefined;
  }, `/api/v1/flows/${id}/draft`);

async function openEditor(house, page, id, search) {
  // The server answers 404 where there is no draft.
  page.expected.push(/\b404\b.*(\/draft$|Not Found)/, /404 \(Not Found\)/);
  await page.goto(editor(house, id, search));
  await ready(page);
  await page.locator('.react-flow__node').first().waitFor();
}

export async function flows(house, t) {
  await t.test('three nodes by the keyboard alone: built, published, run, their output seen', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/w/default/flows`);
    await ready(page);
    await page.keyboard.press('c');
    await page.getByLabel('Name', { exact: false }).first().waitFor();
    await page.keyboard.type('by keyboard');
    page.expected.push(/404/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/flows\/flw_/);
    await ready(page);
    await page.locator('.react-flow__node').first().waitFor();
    const id = /flw_\w+/.exec(page.url())[0];
    await canvas(page).focus();
    for (const [words, name] of [
      ['set values', 'set'],
      ['transform', 'transform'],
    ]) {
      // The first press walks to the only node; then Tab adds behind what is selected.
      if (name === 'set') await page.keyboard.press('Alt+ArrowRight');
      await page.keyboard.press('Tab');
      await page.getByRole('combobox', { name: 'Search node types' }).waitFor();
      await page.keyboard.type(words);
      await page.keyboard.press('Enter');
      await page.waitForFunction((node) => new URLSearchParams(location.search).get('node') === node, name);
    }
    // Enter goes to the selected node's fields; the config is reached and filled by the keyboard.
    await canvas(page).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.matches('[data-first-field]'));
    await page.keyboard.type('Doubled');
    const field = page.locator('[aria-label=Inspector] .cm-content').first();
    await field.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('{"twice": input.n * 2');
    await page.keyboard.press('Control+s');
    await saved(page).waitFor();
    const draft = await draftOf(page, id);
    assert.deepEqual(
      draft.edges.map((edge) => `${edge.from} ${edge.to}`),
      ['input set', 'set transform'],
    );
    assert.equal(draft.nodes[2].name, 'Doubled');
    assert.equal(draft.nodes[2].config.expression, '{"twice": input.n * 2}');

    await page.keyboard.press('Control+Shift+p');
    const dialog = page.getByRole('dialog', { name: 'Publish draft' });
    await dialog.getByText('4 added').waitFor();
    await dialog.getByLabel('Note').focus();
    await page.keyboard.type('doubles');
    await page.keyboard.press('Enter');
    await page.getByText('Version 2 is published and live.').waitFor();
    const versions = await house.api(`/api/v1/flows/${id}/versions`);
    assert.deepEqual(
      versions.items.map((one) => [one.version, one.note]),
      [
        [2, 'doubles'],
        [1, ''],
      ],
    );
    await page.locator('[data-save=clean]').waitFor();

    await page.keyboard.press('Control+Enter');
    const run = page.getByRole('dialog', { name: 'Test run of the draft' });
    const given = run.locator('.cm-content');
    await given.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('{"n": 21, "name": "Ada');
    await page.keyboard.press('Control+Enter');
    await page.locator('[aria-label="Test run"][data-status=succeeded]').waitFor();
    await canvas(page).focus();
    if (!page.url().includes('node=transform')) await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: 'Output' }).click();
    await page.getByText('twice').waitFor();
    await page.locator('[aria-label=Inspector]').getByText('42').waitFor();
    const [last] = (await house.api(`/api/v1/runs?flow=${id}&limit=1`)).items;
    assert.equal(last.flow.version, 2, 'the run names the version that it executed');
    const link = page.getByRole('link', { name: 'Open run' });
    assert.ok((await link.getAttribute('href')).includes(last.id));
    assert.deepEqual(page.wrongs, []);
    await page.context().close();
  });

  await t.test('by the mouse: from the palette, an edge from handle to handle, a drag; each is one undo', async () => {
    const id = await makeFlow(house, 'by mouse', {});
    const page = await house.page();
    await openEditor(house, page, id);
    const box = await canvas(page).boundingBox();
    await page
      .getByRole('button', { name: 'Set values' })
      .dragTo(canvas(page), { targetPosition: { x: box.width * 0.7, y: box.height * 0.3 } });
    await page.waitForFunction(() => document.querySelectorAll('.react-flow__node').length === 2);
    const out = page.locator('.react-flow__node[data-id=input] .react-flow__handle.source[data-handleid=out]');
    const into = page.locator('.react-flow__node[data-id=set] .react-flow__handle.target');
    const [from, to] = [await out.boundingBox(), await into.boundingBox()];
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 8 });
    await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2);
    await page.mouse.up();
    await page.locator('.react-flow__edge').waitFor({ state: 'attached' });
    await saved(page).waitFor();
    const connected = await draftOf(page, id);
    assert.deepEqual(connected.edges, [{ from: 'input', to: 'set' }]);

    const node = await page.locator('.react-flow__node[data-id=set]').boundingBox();
    await page.mouse.move(node.x + 80, node.y + 20);
    await page.mouse.down();
    await page.mouse.move(node.x + 140, node.y + 90, { steps: 10 });
    await page.mouse.up();
    await page.keyboard.press('Control+s');
    await saved(page).waitFor();
    const moved = await draftOf(page, id);
    assert.notDeepEqual(moved.nodes[1].position, connected.nodes[1].position);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+s');
    await saved(page).waitFor();
    assert.deepEqual(await draftOf(page, id), connected, 'one drag is one entry');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.waitForFunction(() => document.querySelectorAll('.react-flow__node').length === 1);
    assert.ok(await page.getByRole('button', { name: 'Undo' }).isDisabled());
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(page.wrongs, []);
    await page.context().close();
  });

  await t.test('thirty edits, thirty undos, thirty redos: the first and the last document', async () => {
    const id = await makeFlow(house, 'thirty', {
      nodes: [
        { id: 'a', type: 'set', config: { values: { x: 1 } }, position: { x: 0, y: 0 } },
        { id: 'b', type: 'set', config: { values: { y: 2 } }, position: { x: 300, y: 0 } },
      ],
      edges: [{ from: 'a', to: 'b' }],
    });
    const page = await house.page();
    await openEditor(house, page, id);
    const start = (await house.api(`/api/v1/flows/${id}`)).document;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const undo = page.getByRole('button', { name: 'Undo' });
    await canvas(page).focus();
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const add = async (words) => {
      await press('a');
      await page.getByRole('combobox', { name: 'Search node types' }).waitFor();
      await page.keyboard.type(words);
      await press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await canvas(page).focus();
    };
    // Each is one entry; nudges of two selections in a row are two.
    const edits = [
      () => add('switch'),
      () => press('ArrowDown', 'ArrowDown', 'Shift+ArrowRight'),
      () => add('set values'),
      () => press('Control+d'),
      () => press('Control+c', 'Control+v'),
      () => press('Delete'),
    ];
    for (let round = 0; round < 5; round++) {
      for (const edit of edits) {
        await edit();
        await canvas(page).focus();
        // The paste is gone; what is left of it to move and copy is chosen anew.
        if (edit === edits[5]) await press('Escape', 'Alt+ArrowRight');
      }
    }
    await press('Control+s');
    await saved(page).waitFor();
    const end = await draftOf(page, id);
    assert.notDeepEqual(end, start);
    let count = 0;
    while (await undo.isEnabled()) {
      await press('Control+z');
      count++;
      assert.ok(count <= 60, 'the history ends');
    }
    assert.equal(count, 30);
    await press('Control+s');
    await saved(page).waitFor();
    assert.deepEqual(await draftOf(page, id), start);
    for (let turn = 0; turn < 30; turn++) await press('Control+Shift+z');
    await press('Control+s');
    await saved(page).waitFor();
    assert.deepEqual(await draftOf(page, id), end);
    assert.deepEqual(page.wrongs, []);
    await page.context().close();
  });

  await t.test('native undo stays that of the field in which one types', async () => {
    const id = await makeFlow(house, 'native undo', {});
    const page = await house.page();
    await openEditor(house, page, id, '?node=input');
    const name = page.locator('[aria-label=Inspector]').getByLabel('Name');
    await name.fill('');
    await name.pressSequentially('abc');
    await page.keyboard.press('Control+z');
    assert.notEqual(await name.inputValue(), 'abc', 'the browser took the typing back');
    assert.equal(await page.locator('.react-flow__node').count(), 1);
    await page.context().close();
  });

  await t.test('a page that dies a second after an edit loses nothing', async () => {
    const id = await makeFlow(house, 'killed', {});
    const context = await house.context();
    const page = house.note(await context.newPage());
    await openEditor(house, page, id, '?node=input');
    page.expected.push(/./);
    // The hardest moment: the browser alone has it, since the server hears nothing any more.
    await page.route('**/draft*', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
    await page.locator('[aria-label=Inspector]').getByLabel('Name').fill('typed last');
    await page.waitForFunction(() =>
      Object.entries(localStorage).some(
        ([key, value]) => key.startsWith('sluice.draft/') && value.includes('typed last'),
      ),
    );
    const session = await context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    // The command itself is never answered.
    session.send('Page.crash').catch(() => {});
    await crashed;
    await page.close();
    const next = house.note(await context.newPage());
    await openEditor(house, next, id, '?node=input');
    await next.getByText('was found in this browser').waitFor();
    await saved(next).waitFor();
    assert.equal((await draftOf(next, id)).nodes[0].name, 'typed last');
    assert.equal(
      await next.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('sluice.draft/'))),
      false,
    );
    assert.deepEqual(next.wrongs, []);
    await context.close();
  });

  await t.test('a server that is away: kept locally, then saved', async () => {
    const id = await makeFlow(house, 'away', {});
    const page = await house.page();
    await openEditor(house, page, id, '?node=input');
    page.expected.push(/./);
    await house.stop();
    await page.locator('[aria-label=Inspector]').getByLabel('Name').fill('while away');
    await page.getByText('Offline, kept locally').waitFor();
    await house.start();
    await page.getByText('Saved rev 1').waitFor();
    assert.equal((await draftOf(page, id)).nodes[0].name, 'while away');
    await page.context().close();
  });

  await t.test('Back and Forward write nothing of one flow into another', async () => {
    const first = await makeFlow(house, 'first of two', {});
    const second = await makeFlow(house, 'second of two', {});
    const page = await house.page();
    await openEditor(house, page, first, '?node=input');
    await page.locator('[aria-label=Inspector]').getByLabel('Name').fill('of the first');
    await page.evaluate((path) => history.pushState({}, '', path), `/w/default/flows/${second}?node=input`);
    await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
    await page.getByRole('heading', { name: 'second of two' }).waitFor();
    await page.locator('[aria-label=Inspector]').getByLabel('Name').fill('of the second');
    await page.goBack();
    await page.getByRole('heading', { name: 'first of two' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'second of two' }).waitFor();
    await saved(page).waitFor();
    assert.equal((await draftOf(page, first)).nodes[0].name, 'of the first');
    assert.equal((await draftOf(page, first)).name, 'first of two');
    assert.equal((await draftOf(page, second)).nodes[0].name, 'of the second');
    assert.equal((await draftOf(page, second)).name, 'second of two');
    await page.context().close();
  });

  for (const [way, act, expected] of [
    [
      'Merge',
      async (dialog) => dialog.getByRole('button', { name: 'Merge', exact: true }).click(),
      ['mine', 'their note'],
    ],
    [
      'Overwrite',
      async (dialog) => {
        await dialog.getByRole('button', { name: 'Overwrite…' }).click();
        await dialog.getByRole('button', { name: 'Overwrite theirs' }).click();
      },
      ['mine', undefined],
    ],
    [
      'Discard mine',
      async (dialog) => {
        await dialog.getByRole('button', { name: 'Discard mine…' }).click();
        await dialog.getByRole('button', { name: 'Discard mine', exact: true }).click();
      },
      [undefined, 'their note'],
    ],
    [
      'Copy',
      async (dialog) => dialog.getByRole('button', { name: 'Save mine as a copy' }).click(),
      [undefined, 'their note'],
    ],
  ]) {
    await t.test(`two browsers edit one draft: ${way} does what it says`, async () => {
      const id = await makeFlow(house, `conflict ${way}`, {});
      const [one, two] = [await house.page(), await house.page()];
      await openEditor(house, one, id, '?node=input');
      await openEditor(house, two, id);
      const description = two.locator('[aria-label=Inspector]').getByLabel('Description');
      await description.fill('their note');
      await saved(two).waitFor();
      one.expected.push(/\b412\b/);
      await one.locator('[aria-label=Inspector]').getByLabel('Name').fill('mine');
      const dialog = one.getByRole('dialog', { name: 'This draft was changed elsewhere' });
      await dialog.waitFor();
      assert.deepEqual(await axe(one), []);
      await act(dialog);
      await dialog.waitFor({ state: 'detached' });
      await saved(one).waitFor();
      const draft = await draftOf(one, id);
      assert.deepEqual([draft.nodes[0].name, draft.description], expected);
      if (way === 'Copy') {
        await one.waitForURL((url) => !url.pathname.endsWith(id));
        const copy = /flw_\w+/.exec(one.url())[0];
        assert.equal((await draftOf(one, copy)).nodes[0].name, 'mine');
      }
      if (way === 'Overwrite') {
        const entries = await house.api('/api/v1/audit?action=flows.*&limit=50');
        assert.ok(text(entries.items).includes(id), 'the audit trail has it');
      }
      assert.equal(await two.getByRole('dialog').count(), 0);
      assert.deepEqual(one.wrongs, []);
      await one.context().close();
      await two.context().close();
    });
  }

  await t.test('on a phone a flow is a list of steps with the same fields', async () => {
    const id = await makeFlow(house, 'on a phone', {});
    const page = await house.page({ width: 390 });
    page.expected.push(/404/);
    await page.goto(editor(house, id));
    await ready(page);
    await page.getByRole('button', { name: 'Add step', exact: true }).waitFor();
    assert.equal(await overflow(page), 0);
    await page.getByRole('button', { name: 'Add a step after input' }).click();
    await page.getByRole('option', { name: /^Set values/ }).click();
    await page.locator('[aria-label=Inspector]').getByLabel('Name').fill('Second');
    await page.getByRole('button', { name: 'Close details' }).click();
    await page.getByRole('list', { name: 'Steps' }).getByText('Second').waitFor();
    await saved(page).waitFor();
    assert.deepEqual((await draftOf(page, id)).edges, [{ from: 'input', to: 'set' }]);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(page.wrongs, []);
    await page.context().close();
  });
}
