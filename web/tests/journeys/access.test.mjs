// The ways in, as people go them: the first start, an invitation, a second factor and its recovery codes, a password that was
// forgotten; and that what somebody types outlives a session that ends, a server that restarts, and the key beside the right one.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, end, House, ready, sluice } from '../house.mjs';
import { loadPages } from '../pages.mjs';

const password = 'seven herons at the weir';
const owner = 'first@example.com';
const guest = 'guest@example.com';

/** What an authenticator app shows (RFC 6238); `ahead`: 30 seconds later, since a code counts once. */
function codeOf(secret, ahead = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac('sha1', key).update(step).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function signIn(page, url, email, secret = password) {
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
async function signOut(page) {
  await page.getByRole('button', { name: 'Your account and how this looks' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/login$/);
}
async function inside(page) {
  await page.waitForURL((url) => url.pathname.startsWith('/w/'));
  await ready(page);
}

export async function access(house, t) {
  const fresh = await House.empty(house);
  try {
    await waysIn(fresh, t);
  } finally {
    await fresh.close();
  }
  await nothingTypedIsLost(house, t);
  await whatAViewerSees(house, t);
}

async function waysIn(fresh, t) {
  const { url, data } = fresh;
  const page = await fresh.page({ signedIn: false });

  await t.test('the link of the first start makes the owner, who signs out and in again', async () => {
    await page.goto(readFileSync(join(data, 'setup-link'), 'utf8').trim());
    await ready(page);
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('E-mail address').fill(owner);
    await page.getByLabel('Your name').fill('First');
    await page.getByLabel('Password, 12 characters or more').fill(password);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await inside(page);
    await signOut(page);
    await signIn(page, url, owner);
    await inside(page);
  });

  await t.test('an invited person makes an account by the link that is shown once', async () => {
    await page.goto(`${url}/w/default/people`);
    await ready(page);
    await page.getByRole('button', { name: 'Invite person' }).click();
    const form = page.getByRole('dialog', { name: 'Invite person' });
    await form.getByLabel('E-mail').fill(guest);
    await form.getByRole('button', { name: 'Make invitation' }).click();
    const once = page.getByRole('dialog', { name: 'The invitation' });
    const link = await once.getByLabel('link', { exact: true }).inputValue();
    await once.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('table', { name: 'Invitations' }).getByText(guest).waitFor();

    const other = await fresh.page({ signedIn: false, width: 390 });
    // Nobody is signed in there: that is asked, and answered so.
    other.expected.push(/\b401\b/);
    await other.goto(link);
    await ready(other);
    await other.getByText(`${guest} is invited to the workspace default as developer.`).waitFor();
    assert.deepEqual(await axe(other), []);
    await other.getByLabel('Your name').fill('Guest');
    await other.getByLabel('Password, 12 characters or more').fill(password);
    await other.getByRole('button', { name: 'Make the account' }).click();
    await inside(other);
    other.expected.push(/\b410\b|\b404\b/);
    await other.goto(`${url}/login`);
    await other.goto(link);
    await ready(other);
    await other.getByRole('alert').waitFor();
    await end(other);
  });

  await t.test('a second factor is set up, asked for, and stood in for by a recovery code', async () => {
    await page.goto(`${url}/account?tab=security`);
    await ready(page);
    await page.getByRole('button', { name: 'Set up a second factor' }).click();
    const secret = (await page.locator('p.mono').textContent()).replaceAll(' ', '');
    await page.getByLabel('2. Enter the code that the app shows').fill(codeOf(secret));
    await page.getByRole('button', { name: 'Switch it on' }).click();
    await page.getByText('Keep these recovery codes.').waitFor();
    const codes = await page.locator('ul.mono li').allTextContents();
    assert.equal(new Set(codes).size, 10);
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('10 recovery codes left').waitFor();

    page.expected.push(/\b401\b/);
    await signOut(page);
    await signIn(page, url, owner);
    await page.getByLabel('Code').fill('000000');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code').fill(codeOf(secret, 1));
    await page.getByRole('button', { name: 'Go on' }).click();
    await inside(page);

    await signOut(page);
    await signIn(page, url, owner);
    await page.getByLabel('Code').fill(codes[3]);
    await page.getByRole('button', { name: 'Go on' }).click();
    await inside(page);
    await page.goto(`${url}/account?tab=security`);
    await page.getByText('9 recovery codes left').waitFor();
    await end(page);
  });

  await t.test("a wrong password is said so, and the operator's link sets a new one", async () => {
    const other = await fresh.page({ signedIn: false });
    other.expected.push(/\b401\b/);
    await signIn(other, url, guest, 'not the one that was chosen');
    const said = await other.getByRole('alert').textContent();
    assert.equal(said, 'The address or the password is wrong.');
    const link = sluice('user', 'reset', guest, '--data', data).trim().split(/\s+/).at(-1);
    assert.match(link, /\/reset#token=/);
    await other.goto(new URL(link).pathname ? `${url}/reset${new URL(link).hash}` : link);
    await ready(other);
    await other.getByLabel('Password, 12 characters or more').fill(`${password}, later`);
    await other.getByRole('button', { name: 'Set the password' }).click();
    await other.getByText('The new password counts from now on.').waitFor();
    await other.getByLabel('E-mail address').fill(guest);
    await other.getByLabel('Password', { exact: true }).fill(`${password}, later`);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await inside(other);
    await end(other);
  });
}

async function nothingTypedIsLost(house, t) {
  const typist = 'typist@example.com';
  await house.addPerson(typist, 'owner', password);

  await t.test('a session that ends while somebody types asks for the sign-in, and the form goes on', async () => {
    const page = await house.page({ signedIn: false });
    page.expected.push(/\b401\b|HTTP Authentication failed/);
    await signIn(page, house.url, typist);
    await inside(page);
    await page.goto(`${house.url}/w/default/secrets`);
    await ready(page);
    await page.getByRole('button', { name: 'Create secret' }).click();
    const form = page.getByRole('dialog', { name: 'Create secret' });
    await form.getByLabel('Name').fill('TYPED_ON');
    await form.getByLabel(/^Value/).fill('kept through it all');
    await form.getByLabel('About').fill('Typed before the session ended');

    const login = { email: typist, password };
    const { access_token } = await house.api('/api/v1/auth/login', { method: 'POST', body: JSON.stringify(login) });
    await house.api('/api/v1/auth/sessions', {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${access_token}` },
    });
    await form.getByRole('button', { name: 'Create secret' }).click();
    const again = page.getByRole('dialog', { name: 'Your session is over' });
    await again.getByLabel('E-mail address').fill(typist);
    assert.deepEqual(await axe(page), []);
    await again.getByLabel('Password', { exact: true }).fill(password);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await again.waitFor({ state: 'detached' });
    await form.waitFor({ state: 'detached' });
    const row = page.getByRole('row', { name: /TYPED_ON/ });
    await row.waitFor();
    const { items } = await house.api('/api/v1/secrets?limit=200');
    assert.equal(items.find((one) => one.name === 'TYPED_ON').description, 'Typed before the session ended');
    // Who made it is a person, not an id.
    await row.click();
    const details = page.getByRole('complementary', { name: 'Details' });
    await details.getByText(`${typist} (you)`).waitFor();
    await end(page);
  });

  await t.test('Escape, and a click beside the dialog, throw nothing away that was typed', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/w/default/budgets`);
    await ready(page);
    await page.getByRole('button', { name: 'Create budget' }).first().click();
    const form = page.getByRole('dialog', { name: 'Create budget' });
    const limit = form.getByLabel(/Limit/).first();
    await limit.fill('12.50');
    await page.mouse.click(4, 450);
    await page.keyboard.press('Escape');
    await form.getByText('What you typed is not saved.').waitFor();
    assert.deepEqual(await axe(page), []);
    await form.getByRole('button', { name: 'Keep editing' }).click();
    assert.equal(await limit.inputValue(), '12.50');
    await page.keyboard.press('Escape');
    await form.getByRole('button', { name: 'Discard it' }).click();
    await form.waitFor({ state: 'detached' });
    // With nothing typed it closes at once.
    await page.getByRole('button', { name: 'Create budget' }).first().click();
    await form.waitFor();
    assert.equal(await limit.inputValue(), '');
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    await end(page);
  });

  await t.test('a server that restarts is said to be away, and the same form is sent when it is back', async () => {
    const page = await house.page();
    await page.goto(`${house.url}/w/default/secrets`);
    await ready(page);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Create secret' }).click();
    const form = page.getByRole('dialog', { name: 'Create secret' });
    await form.getByLabel('Name').fill('OUTLIVES_A_RESTART');
    await form.getByLabel(/^Value/).fill('still here');
    page.expected.push(/./); // what cannot be reached is in the console
    await house.stop();
    await page.locator('[data-live=reconnecting], [data-live=polling]').waitFor();
    await form.getByRole('button', { name: 'Create secret' }).click();
    await form.getByRole('alert').getByText('The server does not answer').waitFor();
    assert.equal(await form.getByLabel('Name').inputValue(), 'OUTLIVES_A_RESTART');
    await house.start();
    await page.locator('[data-live=live]').waitFor();
    await form.getByRole('button', { name: 'Create secret' }).click();
    await form.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /OUTLIVES_A_RESTART/ }).waitFor();
    await end(page);
  });
}

async function whatAViewerSees(house, t) {
  const viewer = 'viewer@example.com';
  await house.addPerson(viewer, 'viewer', password);

  await t.test('a viewer is told on each closed page what is needed, and at each closed button why', async () => {
    const page = await house.page({ signedIn: false });
    await signIn(page, house.url, viewer);
    await inside(page);
    const { permissions } = await page.evaluate(async () => (await fetch('/api/v1/auth/me')).json());
    const { pages } = await loadPages();
    const closed = pages.filter((row) => row.permission && !permissions.includes(row.permission));
    assert.ok(closed.length > 0);
    for (const { path, permission } of closed.filter((row) => !row.path.includes('$'))) {
      await page.goto(`${house.url}/w/default${path}`);
      await ready(page);
      await page.getByText('You may not see this.').waitFor();
      await page.getByText(`It needs the permission ${permission}, which your role here, viewer, lacks.`).waitFor();
    }
    await page.goto(`${house.url}/w/default/queues/default`);
    await ready(page);
    const pause = page.getByRole('button', { name: 'Pause' });
    assert.ok(await pause.isDisabled());
    assert.equal(await pause.getAttribute('title'), 'Your role here, viewer, lacks the permission runs:write.');
    await end(page);
  });
}
