// What every page has around it, as a person uses it: signing in and out, the way back to a link, keys, the palette, changes that
// arrive by themselves, a server that is away, roles that lack something.
import assert from 'node:assert/strict';
import { axe, end, ready } from './house.mjs';

const owner = { email: 'tests@example.com', password: 'a long sentence for the browser tests' };

export async function shell(house, t) {
  await house.addPerson(owner.email, 'owner', owner.password);
  const narrow = { name: 'narrow', permissions: ['flows:read', 'workspaces:read'], description: 'Sees flows alone' };
  await house.api('/api/v1/roles', { method: 'POST', body: JSON.stringify(narrow) });
  await house.addPerson('narrow@example.com', 'narrow', owner.password);

  await t.test('the sign-in leads back to the link that was opened', async () => {
    const page = await house.page({ signedIn: false });
    page.expected.push(/\b401\b/);
    await page.goto(`${house.url}/w/default/runs?status=failed`);
    await page.waitForURL(/\/login\?next=/);
    await page.getByLabel('E-mail address').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/w\/default\/runs\?status=failed$/);
    await ready(page);
    assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads the session');
    await page.getByRole('button', { name: 'Your account and how this looks' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(/\/login$/);
    await page.goto(`${house.url}/w/default/runs`);
    await page.waitForURL(/\/login\?next=/);
    await end(page);
  });

  await t.test('a link to another server does not lead away after the sign-in', async () => {
    const page = await house.page({ signedIn: false });
    await page.goto(`${house.url}/login?next=https://evil.example/`);
    await page.getByLabel('E-mail address').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/w/'));
    assert.equal(new URL(page.url()).origin, house.url);
    await page.context().close();
  });

  await t.test('keys go to pages, help lists them, none acts while typing or switched off', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/w/default/runs`);
    await ready(page);
    await page.keyboard.press('Shift+?');
    const help = page.getByRole('dialog', { name: 'Keys that work here' });
    await help.waitFor();
    assert.ok((await help.locator('kbd').count()) >= 5);
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    assert.ok(await help.isVisible(), 'a dialog keeps its keys');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    await page.locator('[data-at]').first().waitFor();

    await page.keyboard.press('Control+k');
    const search = page.getByPlaceholder('Pages, flows, runs by id or name, actions');
    await search.waitFor();
    await search.fill('?');
    assert.equal(await search.inputValue(), '?');
    await search.fill('your account');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/account$/);
    await ready(page);
    await page.getByLabel('Single keys act').uncheck();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.keyboard.press('Control+k');
    await search.waitFor();
    assert.match(page.url(), /\/account$/, 'single keys are off, those with Ctrl act');
    await page.keyboard.press('Escape');
    await page.getByLabel('Single keys act').check();
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL(/\/runs$/);
    await end(page);
  });

  await t.test('the palette opens a run by its id', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/account`);
    await ready(page);
    const { items } = await house.api('/api/v1/runs?limit=1');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByPlaceholder('Pages, flows, runs by id or name, actions').fill(items[0].id);
    await page.getByText(`Open the run ${items[0].id}`).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/w/default/runs/${items[0].id}`));
    await page.context().close();
  });

  await t.test('the theme is right before the first paint, follows the system and stays as chosen', async () => {
    const page = await house.page({ theme: 'dark' });
    await page.goto(`${house.url}/w/default/runs`);
    const shown = () => page.evaluate(() => document.documentElement.getAttribute('data-mantine-color-scheme'));
    assert.equal(await shown(), 'dark');
    await ready(page);
    await page.keyboard.press('Control+j');
    await page.locator('html[data-mantine-color-scheme=light]').waitFor();
    await page.addInitScript(() => {
      new PerformanceObserver(() => {
        window.first ??= document.documentElement.getAttribute('data-mantine-color-scheme');
      }).observe({ type: 'paint', buffered: true });
    });
    await page.reload();
    await ready(page);
    const first = await page.evaluate(() => window.first);
    assert.equal(first, 'light', 'no flash of the other theme');
    await page.context().close();
  });

  await t.test('a change is on the screen at once, and after a break nothing is missing', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/w/default/runs`);
    await ready(page);
    await page.getByText('Live', { exact: true }).waitFor();
    const flow = await house.api('/api/v1/flows', {
      method: 'POST',
      body: JSON.stringify({ name: 'told at once', nodes: [{ id: 'a', type: 'noop' }] }),
    });
    await house.api(`/api/v1/flows/${flow.id}/runs`, { method: 'POST', body: '{"input": {}}' });
    await page.getByRole('button', { name: /new run/ }).click();
    await page.getByText('told at once').first().waitFor();

    await house.stop();
    await page.getByText('The server does not answer.').waitFor();
    page.expected.push(/./); // what cannot be reached is in the console
    await house.start();
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().close();
  });

  await t.test('an unknown page, object and workspace say what is missing and lead on', async () => {
    const page = await house.page();
    page.expected.push(/\b404\b|no workspace/);
    await page.goto(`${house.url}/w/default/nothing`);
    await ready(page);
    await page.getByText('There is no such page.').waitFor();
    await page.goto(`${house.url}/w/elsewhere/runs`);
    await ready(page);
    await page.getByText('There is no such workspace.').waitFor();
    await page.getByRole('link', { name: 'Go to the first page' }).click();
    await page.waitForURL(/\/w\/default\//);
    await page.context().close();
  });

  await t.test('a role that lacks a permission sees no entry, and on the page what is needed', async () => {
    const page = await house.page({ signedIn: false });
    await page.goto(`${house.url}/login`);
    await page.getByLabel('E-mail address').fill('narrow@example.com');
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/w/'));
    await ready(page);
    await page.goto(`${house.url}/w/default/runs`);
    await ready(page);
    await page.getByText('You may not see this.').waitFor();
    await page.getByText('runs:read').waitFor();
    assert.equal(await page.getByRole('navigation', { name: 'Pages' }).getByText('Runs', { exact: true }).count(), 0);
    await end(page);
  });

  await t.test('on a phone all pages are in the drawer, and the bar has the most used', async () => {
    const page = await house.page({ width: 390 });
    await page.goto(`${house.url}/w/default/runs`);
    await ready(page);
    await page.getByRole('button', { name: 'More', exact: true }).click();
    const drawer = page.getByRole('dialog', { name: 'Pages' });
    await drawer.waitFor();
    assert.deepEqual(await axe(page), []);
    await drawer.getByRole('link', { name: 'Runs', exact: true }).click();
    await drawer.waitFor({ state: 'detached' });
    const small = await page.evaluate(
      () =>
        [...document.querySelectorAll('nav[aria-label="Most used pages"] > *')].filter(
          (one) => one.getBoundingClientRect().height < 44,
        ).length,
    );
    assert.equal(small, 0, 'targets are 44 px');
    await page.context().close();
  });
}
