// Long lists, as tables and as cards: however far somebody scrolls, few rows are in the page; keys reach rows that are not drawn, and
// the way back leads to where one was.
import assert from 'node:assert/strict';
import { axe, end, overflow, ready } from '../house.mjs';

const most = 90;
const drawn = (page) => page.locator('[data-index]').count();

/** The row in the middle of the window, once one is drawn there. */
const inTheMiddle = (page) =>
  page
    .waitForFunction(() => document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('[data-index]'))
    .then((row) => row.evaluate((element) => ({ key: element.dataset.key, index: Number(element.dataset.index) })));

const isSeen = (page, key) =>
  page.waitForFunction((wanted) => {
    const box = document.querySelector(`[data-key="${wanted}"]`)?.getBoundingClientRect();
    return box && box.top >= 0 && box.bottom <= innerHeight;
  }, key);

/** In place of 50 rows a thousand, as the API gives them one after another: nobody waits for 39 presses of "Load 50 more". */
async function thousand(route) {
  const url = new URL(route.request().url());
  url.searchParams.set('limit', '200');
  const items = [];
  let answer;
  do {
    answer = await (await route.fetch({ url: url.href })).json();
    items.push(...answer.items);
    url.searchParams.set('cursor', answer.next_cursor);
  } while (answer.next_cursor && items.length < 1000);
  // The page may have given up what it asked for.
  await route.fulfill({ json: { ...answer, items } }).catch(() => undefined);
}

export async function lists(house, t) {
  for (const width of [1440, 390]) {
    await t.test(`two thousand runs at ${width} are scrolled, reached by keys and come back to`, async () => {
      const page = await house.page({ width });
      await page.route(/\/api\/v1\/runs\?.*limit=50/, thousand);
      const list = page.getByRole(width < 640 ? 'list' : 'table', { name: 'Runs' });
      await page.goto(`${house.url}/w/default/runs`);
      await ready(page);
      assert.ok((await drawn(page)) <= most, `of 1,000 rows ${await drawn(page)} are drawn`);
      await page.getByRole('button', { name: 'Load 50 more' }).click();
      await page.locator('[aria-rowcount="2001"], [aria-setsize="2000"]').first().waitFor();
      assert.ok((await drawn(page)) <= most, `of 2,000 rows ${await drawn(page)} are drawn`);

      const scrollTo = (share) =>
        page.evaluate((part) => {
          const box = document.getElementById('content');
          box.scrollTop = box.scrollHeight * part;
        }, share);
      for (const share of [0.2, 0.8, 0.5]) {
        await scrollTo(share);
        const { index } = await inTheMiddle(page);
        assert.ok(Math.abs(index / 2000 - share) < 0.1, `row ${index} stands at ${share} of the list`);
        assert.ok((await drawn(page)) <= most);
      }
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await axe(page), []);

      const { key } = await inTheMiddle(page);
      const row = page.locator(`[data-key="${key}"] a`).first();
      const isBack = async () => {
        await page.goBack();
        await isSeen(page, key);
        await ready(page);
        assert.ok((await drawn(page)) <= most);
      };
      // The page of the run does not come at once: somebody goes back before.
      const held = [];
      const files = /\/assets\/RunPage-[^/]*\.js/;
      await page.route(files, (route) => held.push(route));
      await row.click();
      await list.waitFor({ state: 'detached' });
      await isBack();
      await page.unroute(files);
      for (const route of held) await route.continue();
      assert.ok(held.length > 0, 'the page of a run came without its files');

      await row.click();
      await list.waitFor({ state: 'detached' });
      await ready(page);
      await isBack();

      // The first row is far away and not drawn: the keys bring it.
      await page.keyboard.press('j');
      await page.locator('[data-index="0"][data-at]').waitFor();
      await page.keyboard.press('x');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('Shift+x');
      await page.getByRole('toolbar', { name: 'Selected rows' }).getByText('3 selected').waitFor();
      await end(page);
    });
  }
}
