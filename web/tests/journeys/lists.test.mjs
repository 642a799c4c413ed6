// Long lists, as tables and as cards: however far somebody scrolls, few rows are in the page; keys reach rows that are not drawn, and
// the way back leads to where one was.
import assert from 'node:assert/strict';
import { axe, overflow, ready } from '../house.mjs';

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

export async function lists(house, t) {
  for (const width of [1440, 390]) {
    await t.test(`eight hundred runs at ${width} are scrolled, reached by keys and come back to`, async () => {
      const page = await house.page({ width });
      // As many as the API gives at once.
      await page.route(/\/api\/v1\/runs\?/, (route) =>
        route.continue({ url: route.request().url().replace('limit=50', 'limit=200') }),
      );
      await page.goto(`${house.url}/w/default/runs`);
      await ready(page);
      for (let count = 400; count <= 800; count += 200) {
        await page.getByRole('button', { name: 'Load 50 more' }).click();
        await page
          .locator(`[aria-rowcount="${count + 1}"], [aria-setsize="${count}"]`)
          .first()
          .waitFor();
        assert.ok((await drawn(page)) <= most, `of ${count} rows ${await drawn(page)} are drawn`);
      }

      const scrollTo = (share) =>
        page.evaluate((part) => {
          const box = document.getElementById('content');
          box.scrollTop = box.scrollHeight * part;
        }, share);
      for (const share of [0.2, 0.8, 0.5]) {
        await scrollTo(share);
        const { index } = await inTheMiddle(page);
        assert.ok(Math.abs(index / 800 - share) < 0.1, `row ${index} stands at ${share} of the list`);
        assert.ok((await drawn(page)) <= most);
      }
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await axe(page), []);

      const { key } = await inTheMiddle(page);
      await page.locator(`[data-key="${key}"] a`).first().click();
      await page.waitForURL(new RegExp(key));
      await ready(page);
      await page.goBack();
      await ready(page);
      await isSeen(page, key);
      assert.ok((await drawn(page)) <= most);

      // The first row is far away and not drawn: the keys bring it.
      await page.keyboard.press('j');
      await page.locator('[data-index="0"][data-at]').waitFor();
      await page.keyboard.press('x');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('Shift+x');
      await page.getByRole('toolbar', { name: 'Selected rows' }).getByText('3 selected').waitFor();
      assert.deepEqual(page.wrongs, []);
      await page.context().close();
    });
  }
}
