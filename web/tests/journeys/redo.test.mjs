// What was done is done again: one run, from a step, with another input or version; all runs that fit a filter; a thousand dead
// letters. What the server has afterwards is asked from the API.
import assert from 'node:assert/strict';
import { axe, end, ready } from '../house.mjs';

const post = (body) => ({ method: 'POST', body: JSON.stringify(body) });
const put = (body) => ({ method: 'PUT', body: JSON.stringify(body) });

const answer = (expression) => ({
  name: 'redo-answer',
  nodes: [
    { id: 'ask', type: 'llm.chat', name: 'Ask', config: { model: 'simulated-small', prompt: 'How many parcels?' } },
    { id: 'divide', type: 'transform', name: 'Divide', config: { expression } },
    { id: 'finish', type: 'set', config: { values: { share: '{{ nodes.divide.output }}' } } },
  ],
  edges: [
    { from: 'ask', to: 'divide' },
    { from: 'divide', to: 'finish' },
  ],
});

export async function redo(house, t) {
  const start = (flow, input) => house.api(`/api/v1/flows/${flow.id}/runs?wait=30s`, post({ input }));
  const open = (page, path) => house.go(page, path);
  const idIn = (page) => new URL(page.url()).pathname.split('/').at(-1);
  const row = (page, step) => page.locator(`[role=row][data-step="${step}"]`);
  const becomesAnother = async (page, old) => {
    await page.waitForURL((url) => url.pathname.includes('/runs/run_') && !url.pathname.endsWith(old));
    await ready(page);
    await page.locator('header [data-status="succeeded"]').first().waitFor();
    return house.api(`/api/v1/runs/${idIn(page)}`);
  };
  /** What came before the point was taken over: marked so, without tokens. */
  const takenOver = async (page, made, step) => {
    const { items } = await house.api(`/api/v1/runs/${made.id}/steps`);
    const before = items.find((one) => one.path === step);
    assert.equal(before.reused, true);
    assert.equal(before.usage, undefined);
    assert.deepEqual([made.totals.input_tokens, made.totals.output_tokens, made.totals.cost_usd], [0, 0, '0']);
    await row(page, step).getByText('reused').waitFor();
  };
  const flow = await house.api('/api/v1/flows', post(answer('100 / input.amount')));
  const failed = await house.api(`/api/v1/runs/${(await start(flow, { amount: 0 })).id}`);
  assert.equal(failed.status, 'failed');
  assert.ok(failed.totals.input_tokens > 0, 'the model was asked');

  await t.test('a failed run that is retried goes on from its failed step, under its own id', async () => {
    const outer = await house.api(
      '/api/v1/flows',
      post({ name: 'redo-outer', nodes: [{ id: 'call', type: 'subflow', config: { flow: 'redo-inner', input: {} } }] }),
    );
    const { id } = await start(outer, {});
    await house.api('/api/v1/flows', post({ name: 'redo-inner', nodes: [{ id: 'work', type: 'noop', config: {} }] }));
    const page = await house.page();
    await open(page, `/runs/${id}`);
    await page.keyboard.press('r');
    const dialog = page.getByRole('dialog', { name: 'Retry this run?' });
    await dialog.getByText('call').waitFor();
    await dialog.getByLabel('Reason').fill('the inner flow is there now');
    await dialog.getByRole('button', { name: 'Retry run' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('header [data-status="succeeded"]').first().waitFor();
    assert.equal(idIn(page), id);
    const { items } = await house.api(`/api/v1/runs/${id}/events`);
    const retried = items.find((entry) => entry.kind === 'run.retried');
    assert.equal(retried.data.reason, 'the inner flow is there now');
    // The sub-run that was made is linked from here.
    await page.getByText('Runs from this one').waitFor();
    await end(page);
  });

  await t.test(
    'from a step with another input it is a new run that names the old one and pays nothing twice',
    async () => {
      const page = await house.page();
      await open(page, `/runs/${failed.id}?step=divide`);
      await page.getByRole('button', { name: 'Run again from here' }).click();
      const dialog = page.getByRole('dialog', { name: 'Run again' });
      await dialog.getByText(/1 step is taken over/).waitFor();
      await dialog.getByLabel('Another input').check();
      const editor = dialog.getByRole('textbox', { name: 'Input' });
      await editor.getByText('"amount"').waitFor();
      await editor.click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText('{"amount": 4}');
      await dialog.getByRole('button', { name: 'Run again from divide' }).click();
      const made = await becomesAnother(page, failed.id);
      assert.deepEqual([made.parent_run_id, made.trigger, made.output.finish.share], [failed.id, 'rerun', 25]);
      assert.deepEqual(await house.api(`/api/v1/runs/${made.id}/input`), { input: { amount: 4 } });
      await takenOver(page, made, 'ask');
      await page.getByText('Done again from').waitFor();
      await page
        .getByRole('link', { name: failed.id.slice(-7) })
        .first()
        .click();
      await page.waitForURL(new RegExp(failed.id));
      await ready(page);
      await page.getByRole('link', { name: made.id.slice(-7) }).waitFor();
      await end(page);
    },
  );

  await t.test('after a step was mended the dialog says that another version is live, and a fork runs it', async () => {
    await house.api(`/api/v1/flows/${flow.id}?note=Nobody+divides+by+nothing`, put(answer('100 / (input.amount + 5)')));
    const page = await house.page();
    await open(page, `/runs/${failed.id}?step=divide`);
    await page.keyboard.press('Shift+R');
    const dialog = page.getByRole('dialog', { name: 'Run again' });
    await dialog.getByText(/^v2 is live, made .*; this run had v1$/).waitFor();
    assert.deepEqual(await axe(page), []);
    await dialog.getByRole('combobox', { name: 'Version' }).click();
    await page.getByRole('option', { name: 'The live one (v2)' }).click();
    await dialog.getByRole('button', { name: 'Run again from divide' }).click();
    const made = await becomesAnother(page, failed.id);
    assert.deepEqual([made.parent_run_id, made.flow.version, made.output.finish.share], [failed.id, 2, 20]);
    await takenOver(page, made, 'ask');
    assert.equal((await house.api(`/api/v1/runs/${failed.id}`)).flow.version, 1);
    await end(page);
  });

  await t.test('an action by filter takes all along that the filter bar has, wherever it is opened', async () => {
    for (let count = 0; count < 2; count++) await start(flow, { amount: -5 });
    const page = await house.page();
    const link = `/runs?status=failed&flow=${flow.id}&version=2&trigger=api&q=zero`;
    await open(page, link);
    const rows = () => page.getByRole('table', { name: 'Runs' }).locator('tbody tr').count();
    assert.equal(await rows(), 2);
    await page.getByRole('button', { name: 'All that fit' }).click();
    await page.getByRole('menuitem', { name: /^Retry all that fit/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Retry/ });
    await dialog.locator('[data-preview="2"]').waitFor();
    const wanted = { status: ['failed'], flow: flow.id, version: 2, trigger: 'api', q: 'zero' };
    assert.deepEqual(JSON.parse(await dialog.locator('pre').textContent()), wanted);
    await dialog.getByLabel('Canaries').fill('0');
    await dialog.getByRole('button', { name: 'Retry 2 runs' }).click();
    await page.waitForURL(/\/bulk-actions\/bulk_/);
    await page.getByText('2 runs done of 2').waitFor();
    assert.deepEqual((await house.api(`/api/v1/bulk-actions/${idIn(page)}`)).filter, wanted);
    await page.goBack();
    await ready(page);
    for (const again of ['Back', 'a reload', 'a new tab']) {
      if (again === 'a reload') await page.reload();
      const tab = again === 'a new tab' ? house.note(await page.context().newPage()) : page;
      if (tab !== page) await tab.goto(page.url());
      await ready(tab);
      assert.equal(new URL(tab.url()).search, new URL(house.url + link).search, again);
      await tab.getByRole('table', { name: 'Runs' }).locator('tbody tr').nth(1).waitFor();
      assert.equal(
        await tab
          .getByRole('textbox', { name: 'Id, flow or error' })
          .or(tab.getByPlaceholder('Id, flow or error'))
          .first()
          .inputValue(),
        'zero',
      );
      assert.deepEqual(tab.wrongs, []);
    }
    await end(page);
  });

  await t.test('the redrive of a thousand dead letters shows how far it is, and stops when it is told to', async () => {
    const { items } = await house.api('/api/v1/dead-letters/groups?state=open');
    const group = items.find((one) => one.count >= 1000);
    const page = await house.page();
    const link = `/dead-letters?flow=${group.filter.flow}&code=${group.filter.code}`;
    await open(page, link);
    await page.getByRole('button', { name: 'Redrive by filter' }).click();
    const dialog = page.getByRole('dialog', { name: 'Redrive dead letters' });
    await dialog.getByText(/^1,000 letters fit this filter/).waitFor();
    assert.equal(await dialog.getByRole('list', { name: 'The first of them' }).getByRole('listitem').count(), 5);
    assert.equal(
      (await house.api('/api/v1/dead-letters/groups?state=open')).items[0].count,
      group.count,
      'nothing yet',
    );
    await dialog.getByLabel('Letters a second').fill('25');
    await dialog.getByLabel('Canaries').fill('0');
    await dialog.getByRole('button', { name: 'Redrive 1,000 letters' }).click();
    await page.waitForURL(/\/bulk-actions\/bulk_/);
    const action = idIn(page);
    // It moves: two different counts are seen.
    await page.getByText(/^[1-9][\d,]* dead letters? done.* of 1,000; about/).waitFor();
    const first = await page.locator('main [aria-live]').first().textContent();
    await page.waitForFunction((old) => document.querySelector('main [aria-live]').textContent !== old, first);
    await page.getByRole('button', { name: 'Stop bulk action' }).click();
    const sure = page.getByRole('dialog');
    await sure.getByRole('button', { name: 'Stop bulk action' }).click();
    await page.locator('header [data-status="cancelled"]').first().waitFor();
    const stopped = await house.api(`/api/v1/bulk-actions/${action}`);
    assert.equal(stopped.state, 'cancelled');
    assert.ok(stopped.done > 0 && stopped.done < 1000, `${stopped.done} were done`);
    const told = new RegExp(`^${stopped.done.toLocaleString('en-US')} dead letters? done.* of 1,000`);
    await page.getByText(told).waitFor();
    await page.reload();
    await ready(page);
    await page.getByText(told).waitFor();
    await page.goBack();
    await ready(page);
    assert.equal(new URL(page.url()).search, new URL(house.url + link).search, 'Back restores the filter');
    await page
      .getByRole('row', { name: new RegExp(group.code) })
      .first()
      .waitFor();
    await end(page);
  });
}
