// Flows as a person builds them: by mouse and keyboard, with mistakes taken back, a page that dies, a server that is away, a second
// browser. What the server has afterwards is asked from the API.
import assert from 'node:assert/strict';
import { axe, end, overflow, ready } from '../house.mjs';

const editor = (house, id, search = '') => `${house.url}/w/default/flows/${id}${search}`;
const canvas = (page) => page.locator('[data-canvas]');
const saved = (page) => page.locator('[data-save=saved]');
const inspector = (page) => page.getByRole('region', { name: 'Inspector' });
const nameField = (page) => inspector(page).getByRole('textbox', { name: 'Name', exact: true });
const text = (value) => JSON.stringify(value);

/** A flow of its own for each test; its id. */
async function makeFlow(house, name, document) {
  const body = { name, nodes: [{ id: 'input', type: 'input', position: { x: 0, y: 0 } }], ...document };
  return (await house.api('/api/v1/flows?live=false', { method: 'POST', body: text(body) })).id;
}
/** Drafts are of a person: what the browser's own session sees. Nothing when there is none. */
const serverDraft = (page, id) =>
  page.evaluate(async (path) => {
    const answer = await fetch(path, { headers: { 'Sluice-Workspace': 'default' } });
    return answer.status === 200 ? answer.json() : undefined;
  }, `/api/v1/flows/${id}/draft?optional=true`);
const draftOf = async (page, id) => (await serverDraft(page, id))?.document;

/** Saves what there is to save; what the page says of it is what the server has. */
async function save(page, id) {
  await page.keyboard.press('Control+s');
  await saved(page).waitFor();
  const said = await saved(page).textContent();
  const { document, etag } = await serverDraft(page, id);
  assert.equal(said.trim(), `Saved rev ${/\.(\d+)"$/.exec(etag)[1]}`);
  return document;
}

async function openEditor(house, page, id, search) {
  await page.goto(editor(house, id, search));
  await ready(page);
  await page.locator('.react-flow__node').first().waitFor();
}

/** Numbers from 0 to `below`, the same for the same seed. */
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export async function flows(house, t) {
  const beside = [];
  const test = (name, act) => beside.push([name, act]);

  test('thirty edits at random, thirty undos, thirty redos: the first and the last document', async (t) => {
    const seed = Number(process.env.SLUICE_SEED ?? 20);
    t.diagnostic(`SLUICE_SEED=${seed}`);
    const roll = dice(seed);
    const id = await makeFlow(house, 'thirty', {
      nodes: [
        { id: 'a', type: 'set', config: { values: { x: 1 } }, position: { x: 0, y: 0 } },
        { id: 'b', type: 'set', config: { values: { y: 2 } }, position: { x: 300, y: 0 } },
      ],
      edges: [{ from: 'a', to: 'b' }],
    });
    const page = await house.page();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await openEditor(house, page, id);
    const start = (await house.api(`/api/v1/flows/${id}`)).document;
    await canvas(page).focus();
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const gone = () => page.getByRole('dialog').waitFor({ state: 'detached' });
    const places = () =>
      page.evaluate(() =>
        JSON.stringify([...document.querySelectorAll('.react-flow__node')].map((one) => one.style.transform)),
      );
    /** Lets go, and walks to some node. */
    const choose = async () => {
      await press('Escape', 'Escape', 'Alt+ArrowRight');
      for (let step = roll(5); step > 0; step--) await press(roll(2) ? 'Alt+ArrowRight' : 'Alt+ArrowDown');
    };
    const acts = {
      async add() {
        await press('a');
        await page.getByRole('combobox', { name: 'Search node types' }).waitFor();
        await page.keyboard.insertText(['set values', 'transform', 'switch'][roll(3)]);
        await press('Enter');
        await gone();
      },
      async move() {
        await choose();
        await press('ArrowDown', ['ArrowDown', 'Shift+ArrowRight', 'ArrowRight'][roll(3)], 'ArrowDown');
      },
      async connect() {
        // Not from every node an edge can lead anywhere.
        for (let tries = 0; tries < 20; tries++) {
          await choose();
          await press('e');
          const dialog = page.getByRole('dialog', { name: /^Lead an edge from/ });
          await dialog.waitFor();
          const ways = await dialog.getByRole('option').count();
          for (let down = roll(Math.max(1, ways)); down > 0; down--) await press('ArrowDown');
          await press(ways > 0 ? 'Enter' : 'Escape');
          await gone();
          if (ways > 0) return;
        }
        assert.fail('an edge could be drawn from no node');
      },
      async delete() {
        await choose();
        await press('Delete');
      },
      async configure() {
        await choose();
        await press('Enter');
        await page.waitForFunction(() => document.activeElement?.matches('[data-first-field]'));
        await page.keyboard.type(` ${roll(1000)}`);
        await press('Escape');
      },
      async paste() {
        await choose();
        await press('Control+c', 'Control+v');
      },
      async layout() {
        const before = await places();
        await press('Shift+L');
        await page.waitForFunction(
          (old) =>
            JSON.stringify([...document.querySelectorAll('.react-flow__node')].map((one) => one.style.transform)) !==
            old,
          before,
        );
      },
    };
    // Each kind of edit several times; a layout comes behind a move, so that it has something to change.
    const order = ['add', 'add', 'add', 'add', 'add', 'add', 'add', 'connect', 'connect', 'connect', 'connect'];
    order.push(
      'delete',
      'delete',
      'delete',
      'configure',
      'configure',
      'configure',
      'configure',
      'paste',
      'paste',
      'paste',
    );
    order.push('paste', 'move', 'move', 'move', 'move layout', 'move layout');
    for (let at = order.length - 1; at > 0; at--) {
      const other = roll(at + 1);
      [order[at], order[other]] = [order[other], order[at]];
    }
    const edits = ['add', ...order.join(' ').split(' ')];
    assert.equal(edits.length, 30);
    // What the canvas shows of a run comes in between, and is no edit.
    await press('Control+Enter');
    await page.getByRole('button', { name: 'Start test run' }).waitFor();
    await press('Enter');
    await gone();
    let edited = start;
    for (const edit of edits) {
      await canvas(page).focus();
      await acts[edit]();
      const next = await save(page, id);
      assert.notDeepEqual(next, edited, `${edit} changed nothing`);
      edited = next;
    }
    await page.locator('[aria-label="Test run"][data-status=succeeded]').waitFor();
    await canvas(page).focus();
    const undo = page.getByRole('button', { name: 'Undo' });
    const redo = page.getByRole('button', { name: 'Redo' });
    for (let turn = 0; turn < 30; turn++) await press('Control+z');
    assert.ok(await undo.isDisabled(), 'each edit is one entry, and nothing else is');
    assert.deepEqual(await save(page, id), start);
    for (let turn = 0; turn < 30; turn++) await press('Control+Shift+z');
    assert.ok(await redo.isDisabled());
    assert.deepEqual(await save(page, id), edited);
    await end(page);
  });

  test('by the mouse: from the palette, an edge from handle to handle, a drag; each is one undo', async () => {
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
    const connected = await save(page, id);
    assert.deepEqual(connected.edges, [{ from: 'input', to: 'set' }]);

    const node = await page.locator('.react-flow__node[data-id=set]').boundingBox();
    await page.mouse.move(node.x + 80, node.y + 20);
    await page.mouse.down();
    await page.mouse.move(node.x + 140, node.y + 90, { steps: 10 });
    await page.mouse.up();
    const moved = await save(page, id);
    assert.notDeepEqual(moved.nodes[1].position, connected.nodes[1].position);
    await page.keyboard.press('Control+z');
    assert.deepEqual(await save(page, id), connected, 'one drag is one entry');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.waitForFunction(() => document.querySelectorAll('.react-flow__node').length === 1);
    assert.ok(await page.getByRole('button', { name: 'Undo' }).isDisabled());
    assert.deepEqual(await axe(page), []);
    await end(page);
  });

  test('native undo stays that of the field in which one types', async () => {
    const id = await makeFlow(house, 'native undo', {});
    const page = await house.page();
    await openEditor(house, page, id, '?node=input');
    const name = nameField(page);
    await name.fill('');
    await name.pressSequentially('abc');
    await page.keyboard.press('Control+z');
    assert.notEqual(await name.inputValue(), 'abc', 'the browser took the typing back');
    assert.equal(await page.locator('.react-flow__node').count(), 1);
    await page.context().close();
  });

  test('a page that dies a second after an edit loses nothing', async () => {
    const id = await makeFlow(house, 'killed', {});
    const context = await house.context();
    const page = house.note(await context.newPage());
    await openEditor(house, page, id, '?node=input');
    // The hardest moment: the browser alone has it, since the server hears nothing any more.
    await page.route('**/draft*', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
    await nameField(page).fill('typed last');
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

  test('Back and Forward write nothing of one flow into another', async () => {
    const first = await makeFlow(house, 'first of two', {});
    const second = await makeFlow(house, 'second of two', {});
    const page = await house.page();
    await openEditor(house, page, first, '?node=input');
    await nameField(page).fill('of the first');
    await page.evaluate((path) => history.pushState({}, '', path), `/w/default/flows/${second}?node=input`);
    await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
    await page.getByRole('heading', { name: 'second of two' }).waitFor();
    await nameField(page).fill('of the second');
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
    test(`two browsers edit one draft: ${way} does what it says`, async () => {
      const id = await makeFlow(house, `conflict ${way}`, {});
      const [one, two] = await Promise.all([house.page(), house.page()]);
      await Promise.all([openEditor(house, one, id, '?node=input'), openEditor(house, two, id)]);
      await inspector(two).getByLabel('Description').fill('their note');
      await save(two, id);
      one.expected.push(/\b412\b/);
      await nameField(one).fill('mine');
      await one.keyboard.press('Control+s');
      const dialog = one.getByRole('dialog', { name: 'This draft was changed elsewhere' });
      await dialog.waitFor();
      if (way === 'Merge') assert.deepEqual(await axe(one), []);
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
        const { items } = await house.api('/api/v1/audit?action=flows.draft.*&limit=50');
        const [written] = items.filter((entry) => text(entry).includes(id));
        assert.equal(written?.outcome, 'done', 'the audit trail has it');
        assert.ok(text(written).includes('mine'), text(written));
      }
      assert.equal(await two.getByRole('dialog').count(), 0);
      assert.deepEqual(one.wrongs, []);
      await one.context().close();
      await two.context().close();
    });
  }

  test('a publication shows what it changes; runs name the version that they executed, and lead to it', async () => {
    const id = await makeFlow(house, 'published twice', {
      nodes: [{ id: 'say', type: 'transform', config: { expression: "'first'" }, position: { x: 0, y: 0 } }],
    });
    await house.api(`/api/v1/flows/${id}/live`, { method: 'PUT', body: text({ version: 1 }) });
    const run = async () => {
      const started = await house.api(`/api/v1/flows/${id}/runs?wait=30s`, {
        method: 'POST',
        body: text({ input: {} }),
      });
      return house.api(`/api/v1/runs/${started.id}`);
    };
    const before = await run();
    const page = await house.page();
    await openEditor(house, page, id, '?node=say');
    await page.getByRole('button', { name: 'Run v1' }).waitFor();
    await inspector(page)
      .getByText(/^Expression/)
      .first()
      .click();
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Expression');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type("'second'");
    await save(page, id);
    await page.getByRole('button', { name: 'Publish draft' }).click();
    const dialog = page.getByRole('dialog', { name: 'Publish draft' });
    await dialog.getByText('1 changed').waitFor();
    assert.match(await dialog.textContent(), /first.*second/s, 'the diff shows both words');
    assert.deepEqual(await axe(page), []);
    await dialog.getByLabel('Note').fill('another word');
    await dialog.getByRole('button', { name: 'Publish version' }).click();
    await page.getByText('Version 2 is published and live.').waitFor();
    await page.locator('[data-save=clean]').waitFor();
    const after = await run();
    assert.deepEqual([before.flow.version, after.flow.version], [1, 2]);
    assert.deepEqual([before.output.say, after.output.say], ['first', 'second']);
    const { items } = await house.api(`/api/v1/flows/${id}/versions`);
    assert.deepEqual(
      items.map((one) => [one.version, one.note]),
      [
        [2, 'another word'],
        [1, ''],
      ],
    );

    await page.getByRole('button', { name: 'Run v2' }).click();
    const asked = page.getByRole('dialog', { name: 'Run published twice' });
    await asked.getByRole('button', { name: 'Run version 2' }).click();
    await page.waitForURL(/\/runs\/run_/);
    await ready(page);
    await page.goto(`${house.url}/w/default/runs/${before.id}`);
    await ready(page);
    await page.getByRole('link', { name: 'v1', exact: true }).click();
    const versions = page.getByRole('dialog', { name: 'Versions' });
    await versions.getByRole('button', { name: /^Version 1/, pressed: true }).waitFor();
    await end(page);
  });

  test('on a phone a flow is a list of steps with the same fields', async () => {
    const id = await makeFlow(house, 'on a phone', {});
    const page = await house.page({ width: 390 });
    await page.goto(editor(house, id));
    await ready(page);
    await page.getByRole('button', { name: 'Add step', exact: true }).waitFor();
    assert.equal(await overflow(page), 0);
    await page.getByRole('button', { name: 'Add a step after input' }).click();
    await page.getByRole('option', { name: /^Set values/ }).click();
    await nameField(page).fill('Second');
    await page.getByRole('button', { name: 'Close details' }).click();
    await page.getByRole('list', { name: 'Steps' }).getByText('Second').waitFor();
    await saved(page).waitFor();
    assert.deepEqual((await draftOf(page, id)).edges, [{ from: 'input', to: 'set' }]);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await axe(page), []);
    await end(page);
  });

  await t.test('each on a flow of its own, two at a time', { concurrency: 2 }, async (t) => {
    await Promise.all(beside.map(([name, act]) => t.test(name, act)));
  });
  await t.test('a server that is away: kept locally, then saved', async () => {
    const id = await makeFlow(house, 'away', {});
    const page = await house.page();
    await openEditor(house, page, id, '?node=input');
    page.expected.push(/ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE/, /WebSocket connection .* failed/);
    await house.stop();
    await nameField(page).fill('while away');
    await page.getByText('Offline, kept locally').waitFor();
    await house.start();
    await page.getByText('Saved rev 1').waitFor();
    assert.equal((await draftOf(page, id)).nodes[0].name, 'while away');
    await end(page);
  });
}
