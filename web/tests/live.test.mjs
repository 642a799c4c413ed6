// Changes that arrive by themselves: nothing is lost or told twice when the connection breaks, what is read stays where it is, a page
// that nobody looks at is silent.
import assert from 'node:assert/strict';
import { end, ready } from './house.mjs';

const post = (body) => ({ method: 'POST', body: JSON.stringify(body) });

/** The page's own connections, to break and to read: what it says goes to `said`. */
async function holdSockets(page) {
  const held = { open: new Set(), said: [], cut: false };
  await page.routeWebSocket(/\/api\/v1\/events/, (socket) => {
    if (held.cut) {
      socket.close({ code: 4000, reason: 'cut' });
      return;
    }
    const server = socket.connectToServer();
    held.open.add(socket);
    socket.onMessage((message) => {
      held.said.push(message);
      server.send(message);
    });
    server.onMessage((message) => socket.send(message));
    socket.onClose(() => {
      held.open.delete(socket);
      server.close();
    });
  });
  held.break = async () => {
    for (const socket of [...held.open]) {
      held.open.delete(socket);
      await socket.close({ code: 4000, reason: 'cut' });
    }
  };
  return held;
}

/** Whether somebody looks at the page, as the browser would say it. */
async function look(page, is) {
  await page.evaluate((visible) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (visible ? 'visible' : 'hidden'),
    });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !visible });
    document.dispatchEvent(new Event('visibilitychange'));
  }, is);
}

export async function live(house, t) {
  const flow = await house.api('/api/v1/flows', post({ name: 'live-short', nodes: [{ id: 'a', type: 'noop' }] }));
  const runMany = async (count) => {
    const ids = [];
    for (let one = 0; one < count; one++)
      ids.push((await house.api(`/api/v1/flows/${flow.id}/runs?wait=30s`, post({ input: {} }))).id);
    return ids;
  };
  const newest = async () => Number((await house.api('/api/v1/events?limit=1')).items[0].sequence);
  const isLive = (page) => page.locator('[data-live=live]').waitFor();

  await t.test('over breaks of the connection each event is told once', async () => {
    await runMany(1);
    const page = await house.page();
    const sockets = await holdSockets(page);
    const before = await newest();
    await page.goto(`${house.url}/w/default/events`);
    await ready(page);
    await isLive(page);
    for (let round = 0; round < 3; round++) {
      await runMany(2);
      sockets.cut = round > 0;
      await sockets.break();
      if (sockets.cut) {
        await page.locator('[data-live]:not([data-live=live])').waitFor();
        await runMany(2);
        sockets.cut = false;
      }
      await isLive(page);
    }
    await runMany(1);
    const last = await newest();
    await page.getByRole('button', { name: `Show ${last - before} new events`, exact: true }).waitFor();
    const resumed = sockets.said.map((text) => JSON.parse(text)).filter((one) => one.subscribe?.includes('events'));
    assert.ok(resumed.length >= 4, 'it connected again after each break');
    assert.ok(
      resumed.every((one) => one.resume_from.events >= before),
      'each time from the number that it had',
    );
    await page.getByRole('button', { name: /new events$/ }).click();
    await page.getByRole('row', { name: new RegExp(`^${last}\\b`) }).waitFor();
    await end(page);
  });

  await t.test('a list does not move while it is read', async () => {
    const page = await house.page();
    for (const down of [0, 700]) {
      await page.goto(`${house.url}/w/default/runs`);
      await ready(page);
      await isLive(page);
      await page.locator('#content').evaluate((box, top) => box.scrollTo(0, top), down);
      const rows = page.getByRole('table', { name: 'Runs' }).locator('tbody tr');
      const row = rows.nth(down === 0 ? 2 : 15);
      const text = await row.textContent();
      const at = (await row.boundingBox()).y;
      await runMany(3);
      await page.getByRole('button', { name: 'Show 3 new runs' }).waitFor();
      const now = rows.nth(down === 0 ? 2 : 15);
      assert.equal((await now.textContent()).slice(0, 20), text.slice(0, 20));
      assert.ok(
        Math.abs((await now.boundingBox()).y - at) <= 1,
        `the row moved from ${at} to ${(await now.boundingBox()).y}`,
      );
    }
    await end(page);
  });

  await t.test('a page that nobody looks at sends nothing, and has all when it is looked at again', async () => {
    const page = await house.page();
    const sockets = await holdSockets(page);
    await page.goto(`${house.url}/w/default/runs`);
    await ready(page);
    await isLive(page);
    await look(page, false);
    await page.locator('[data-live=paused]').waitFor();
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    sockets.said.length = 0;
    const ids = await runMany(3);
    assert.deepEqual([asked, sockets.said, sockets.open.size], [[], [], 0]);
    await look(page, true);
    await isLive(page);
    // What grew old meanwhile may have been read anew, with them in it; else they are announced.
    const bar = page.getByRole('button', { name: 'Show 3 new runs' });
    await bar
      .or(page.getByText(ids[2].slice(-7)))
      .first()
      .waitFor();
    if (await bar.isVisible()) await bar.click();
    for (const id of ids) await page.getByText(id.slice(-7)).first().waitFor();
    await end(page);
  });
}
