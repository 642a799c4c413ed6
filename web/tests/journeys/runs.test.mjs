// Runs as a person works with them: find what failed, run it again from there with other data, retry many by a filter, watch
// changes arrive; and that large runs, large values and broken answers leave the page usable.
import assert from 'node:assert/strict';
import { axe, end, overflow, ready } from '../house.mjs';

const post = (body) => ({ method: 'POST', body: JSON.stringify(body) });

const division = {
  name: 'journey-division',
  nodes: [
    { id: 'prepare', type: 'set', name: 'Prepare the amount', config: { values: { amount: '{{ input.amount }}' } } },
    { id: 'divide', type: 'transform', name: 'Divide', config: { expression: '100 / nodes.prepare.output.amount' } },
    { id: 'finish', type: 'set', config: { values: { share: '{{ nodes.divide.output }}' } } },
  ],
  edges: [
    { from: 'prepare', to: 'divide' },
    { from: 'divide', to: 'finish' },
  ],
};
const outer = {
  name: 'journey-outer',
  nodes: [{ id: 'call', type: 'subflow', config: { flow: 'journey-inner', input: {} } }],
};
const inner = { name: 'journey-inner', nodes: [{ id: 'work', type: 'noop', config: {} }] };
const signed = {
  name: 'journey-signed',
  nodes: [
    { id: 'sign', type: 'wait.signal', name: 'Wait for a word', config: { name: 'word' } },
    { id: 'after', type: 'set', config: { values: { said: '{{ nodes.sign.output.payload }}' } } },
  ],
  edges: [{ from: 'sign', to: 'after' }],
};

export async function runs(house, t) {
  const run = house.told.runs;
  const make = (flow) => house.api('/api/v1/flows', post(flow));
  const start = (flow, input, wait = '?wait=30s') => house.api(`/api/v1/flows/${flow.id}/runs${wait}`, post({ input }));
  const open = (page, path) => house.go(page, path);
  const row = (page, step) => page.locator(`[role=row][data-step="${step}"]`);
  const runId = (page) => new URL(page.url()).pathname.split('/').at(-1);

  await t.test(
    'a failed run is found, its failing step seen, and run again from there with other data it succeeds',
    async () => {
      const flow = await make(division);
      const failed = await start(flow, { amount: 0 });
      assert.equal(failed.status, 'failed');
      const page = await house.page();
      await open(page, `/runs?status=failed&flow=${flow.id}`);
      await page.getByRole('link', { name: /journey-division/ }).click();
      await ready(page);
      assert.equal(runId(page), failed.id);
      await row(page, 'divide').waitFor();
      await page.keyboard.press('n');
      const details = page.locator('[data-inspector="divide"]');
      await details.getByRole('group', { name: 'Error' }).waitFor();
      assert.match(await details.getByRole('group', { name: 'Error' }).textContent(), /zero/i);
      assert.match(page.url(), /step=divide/);
      assert.equal(await row(page, 'divide').getAttribute('data-status'), 'failed');

      await page.keyboard.press('Shift+R');
      const dialog = page.getByRole('dialog', { name: 'Run again' });
      await dialog.getByText(/1 step is taken over/).waitFor();
      assert.match(await dialog.getByRole('combobox', { name: 'From' }).inputValue(), /^divide/);
      await dialog.getByRole('button', { name: "Edit a step's output" }).click();
      await dialog.getByPlaceholder('Choose a step that succeeded').click();
      await page.getByRole('option', { name: /^prepare/ }).click();
      const editor = dialog.getByRole('textbox', { name: 'Output of prepare' });
      await editor.getByText('"amount"').waitFor();
      await editor.click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText('{"amount": 4');
      assert.ok(
        await dialog.getByRole('button', { name: 'Run again from divide' }).isDisabled(),
        'no broken JSON is sent',
      );
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText('{"amount": 4}');
      assert.deepEqual(await axe(page), []);
      await dialog.getByRole('button', { name: 'Run again from divide' }).click();
      await page.waitForURL((url) => url.pathname.includes('/runs/run_') && !url.pathname.endsWith(failed.id));
      await ready(page);
      await page.locator('h1 ~ [data-status="succeeded"], header [data-status="succeeded"]').first().waitFor();
      const made = await house.api(`/api/v1/runs/${runId(page)}`);
      assert.equal(made.status, 'succeeded');
      assert.equal(made.parent_run_id, failed.id);
      assert.equal(made.output.finish.share, 25);
      const { items } = await house.api(`/api/v1/runs/${made.id}/steps`);
      assert.equal(items.find((step) => step.path === 'prepare').reused, true);
      assert.equal(await row(page, 'prepare').getByText('reused').count(), 1);

      await page.getByRole('link', { name: 'Compare' }).click();
      await ready(page);
      await page
        .getByRole('row', { name: /divide/ })
        .first()
        .waitFor();
      assert.match(await page.getByRole('table', { name: 'Steps of both runs' }).textContent(), /status/);
      assert.deepEqual(await axe(page), []);
      await page.goBack();
      await ready(page);
      assert.equal(runId(page), made.id);
      await end(page);
    },
  );

  await t.test(
    'all runs that fit a filter are counted first, then retried as an action with a page of its own',
    async () => {
      const flow = await make(outer);
      for (let count = 0; count < 3; count++) assert.equal((await start(flow, {})).status, 'failed');
      await make(inner);
      const page = await house.page();
      await open(page, `/runs?status=failed&flow=${flow.id}`);
      const actions = async () => (await house.api('/api/v1/bulk-actions?limit=200')).items.length;
      const before = await actions();
      await page.getByRole('button', { name: 'All that fit' }).click();
      await page.getByRole('menuitem', { name: /^Retry all that fit/ }).click();
      const dialog = page.getByRole('dialog', { name: /^Retry/ });
      await dialog.locator('[data-preview="3"]').waitFor();
      assert.equal(await dialog.getByRole('list', { name: 'Samples' }).getByRole('listitem').count(), 3);
      assert.match(await dialog.locator('pre').textContent(), new RegExp(flow.id));
      assert.equal(await actions(), before, 'counting changes nothing');
      assert.deepEqual(await axe(page), []);
      await dialog.getByRole('button', { name: 'Retry 3 runs' }).click();
      await page.waitForURL(/\/bulk-actions\/bulk_/);
      await page.getByText('3 runs done of 3').waitFor();
      await page.locator('header [data-status="done"]').waitFor();
      await page
        .getByRole('row', { name: /succeeded/ })
        .nth(2)
        .waitFor();
      const { filter, done } = await house.api(`/api/v1/bulk-actions/${runId(page)}`);
      assert.deepEqual([filter, done], [{ status: ['failed'], flow: flow.id }, 3]);

      await page.goBack();
      await ready(page);
      assert.match(page.url(), new RegExp(`status=failed&flow=${flow.id}`), 'Back restores the filter');
      await page.getByText('No runs fit the filters.').waitFor();
      await page.reload();
      await ready(page);
      await page.getByText('No runs fit the filters.').waitFor();
      await page.getByRole('button', { name: 'All that fit' }).click();
      await page
        .getByRole('menuitem', { name: /^Cancel all that fit/ })
        .getByText(/cannot be cancelled/)
        .waitFor();
      await end(page);
    },
  );

  await t.test('selected rows are cancelled one by one, and no others', async () => {
    const flow = await make(signed);
    const ids = [];
    for (let count = 0; count < 3; count++) ids.push((await start(flow, {}, '')).id);
    const page = await house.page();
    await open(page, `/runs?flow=${flow.id}`);
    await page.getByLabel('Select row 1').check();
    await page.getByLabel('Select row 2').check();
    await page.getByRole('toolbar', { name: 'Selected rows' }).getByRole('button', { name: 'Cancel' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel 2 runs' });
    await dialog.getByRole('button', { name: 'Cancel 2 runs' }).click();
    await dialog.getByText('2 of 2 cancelled.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const states = await Promise.all(ids.map(async (id) => (await house.api(`/api/v1/runs/${id}`)).status));
    assert.deepEqual(states.filter((status) => status === 'cancelled').length, 2);
    assert.notEqual(states[0], 'cancelled', 'the oldest was not selected');
    await end(page);
  });

  await t.test('changes arrive by themselves: new runs behind a bar, steps of the run that is looked at', async () => {
    const flow = (await house.api('/api/v1/flows?name=journey-signed')).items[0];
    const page = await house.page();
    await open(page, `/runs?flow=${flow.id}`);
    await page.getByText('Live', { exact: true }).waitFor();
    const before = await page.getByRole('table', { name: 'Runs' }).locator('tbody tr').count();
    const { id } = await start(flow, {}, '');
    const bar = page.getByRole('button', { name: 'Show 1 new run' });
    await bar.waitFor();
    assert.equal(
      await page.getByRole('table', { name: 'Runs' }).locator('tbody tr').count(),
      before,
      'rows stay where they are',
    );
    await bar.click();
    await bar.waitFor({ state: 'detached' });
    const first = page.getByRole('table', { name: 'Runs' }).locator('tbody tr').first();
    await first.getByText(id.slice(-7)).waitFor();

    await first.getByRole('link').first().click();
    await ready(page);
    await page.locator('[data-why="waiting_signal"]').waitFor();
    await row(page, 'sign').and(page.locator('[data-status="waiting"]')).waitFor();
    const asked = [];
    page.on('request', (request) => {
      if (/\/steps\?/.test(request.url())) asked.push(request.url());
    });
    await house.api(`/api/v1/runs/${id}/signals/word`, post({ payload: 'from outside' }));
    await row(page, 'after').and(page.locator('[data-status="succeeded"]')).waitFor();
    await page.locator('header [data-status="succeeded"]').waitFor();
    assert.ok(asked.length <= 1, 'steps are read again at the end alone');
    assert.equal(await page.locator('[data-why]').count(), 0);

    await page.goBack();
    await ready(page);
    await page
      .getByRole('row', { name: new RegExp(id.slice(-7)) })
      .getByText('succeeded')
      .waitFor();
    await end(page);
  });

  await t.test('a signal that is sent from the page lets the run go on', async () => {
    const flow = (await house.api('/api/v1/flows?name=journey-signed')).items[0];
    const { id } = await start(flow, {}, '');
    const page = await house.page();
    await open(page, `/runs/${id}`);
    await page.getByRole('button', { name: 'Send signal word' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send a signal' });
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'word');
    const payload = dialog.getByRole('textbox', { name: 'Payload' });
    await payload.click();
    await page.keyboard.insertText('{"by": "hand"}');
    await dialog.getByRole('button', { name: 'Send signal' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('header [data-status="succeeded"]').waitFor();
    assert.deepEqual((await house.api(`/api/v1/runs/${id}`)).output.after.said, { by: 'hand' });
    await end(page);
  });

  await t.test('pause, resume and cancel say what they do and do it', async () => {
    const flow = (await house.api('/api/v1/flows?name=journey-signed')).items[0];
    const { id } = await start(flow, {}, '');
    const page = await house.page();
    await open(page, `/runs/${id}`);
    for (const [button, status] of [
      ['Pause run', 'paused'],
      ['Resume run', ''],
      ['Cancel run', 'cancelled'],
    ]) {
      await page.getByRole('banner').or(page.locator('main header')).getByRole('button', { name: button }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: button }).click();
      await dialog.waitFor({ state: 'detached' });
      if (status) await page.locator(`header [data-status="${status}"]`).waitFor();
    }
    assert.equal((await house.api(`/api/v1/runs/${id}`)).status, 'cancelled');
    await end(page);
  });

  await t.test('a run of five thousand steps opens, and its search finds a step outside of the view', async () => {
    const page = await house.page();
    await open(page, `/runs/${run.five_thousand_steps}`);
    await page.getByRole('button', { name: /^Open Each reading/ }).click();
    await row(page, 'each[0]/read').waitFor();
    assert.ok((await page.locator('[role=treegrid] [role=row]').count()) <= 120);
    await page.locator('[role=treegrid]').evaluate((box) => box.scrollTo(0, 60_000));
    await page.waitForFunction(() => !document.querySelector('[data-step="each[0]/read"]'));
    assert.ok((await page.locator('[role=treegrid] [role=row]').count()) <= 120);
    await page.getByPlaceholder('Find a step by name or path').fill('each[4321]');
    await row(page, 'each[4321]/read').click();
    await page.locator('[data-inspector="each[4321]/read"]').waitFor();
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await ready(page);
    await page.locator('[data-inspector="each[4321]/read"]').waitFor();
    assert.equal(await row(page, 'each[4321]/read').getAttribute('aria-selected'), 'true');
    await page.keyboard.press('3');
    await page.locator('[data-event]').first().waitFor();
    assert.ok((await page.locator('[data-event]').count()) <= 120);
    await end(page);
  });

  await t.test('an output of five mebibytes is shown in parts', async () => {
    const page = await house.page();
    await open(page, `/runs/${run.big_output}?step=table`);
    await page.getByText(/^64 KiB of 5/).waitFor();
    await page.getByRole('button', { name: 'Load 256 KiB more' }).click();
    await page.getByText(/^320 KiB of 5/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    const { size } = await import('node:fs').then(async ({ statSync }) => statSync(await download.path()));
    const { items } = await house.api(`/api/v1/runs/${run.big_output}/steps`);
    assert.equal(size, items.find((step) => step.path === 'table').output_bytes);
    await end(page);
  });

  await t.test('keys move through views, steps and failures, and none acts while typing', async () => {
    const page = await house.page();
    await open(page, `/runs/${run.all_shapes}`);
    await page.keyboard.press('2');
    await page.locator('[data-graph]').waitFor();
    await page
      .locator('[data-node="broken"][data-status="failed"], [data-node="done"][data-status="succeeded"]')
      .first()
      .waitFor();
    await page.keyboard.press('1');
    await page.keyboard.press('ArrowDown');
    assert.match(page.url(), /step=\./);
    await page.locator('[data-inspector="."]').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.locator('[data-inspector="begin"]').waitFor();
    await page.keyboard.press('i');
    assert.match(page.url(), /tab=input/);
    while (!page.url().includes('step=each')) await page.keyboard.press('ArrowDown');
    const container = row(page, 'each');
    assert.equal(await container.getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(
      () => document.querySelector('[data-step="each"]')?.getAttribute('aria-expanded') === 'false',
    );
    await page.keyboard.press('ArrowRight');
    await row(page, 'each[0]').waitFor();
    await page.keyboard.press('n');
    await page.locator('[role=row][aria-selected=true][data-status="failed"]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-inspector]').waitFor({ state: 'detached' });
    await page.getByPlaceholder('Find a step by name or path').fill('3r');
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.equal(await page.getByRole('tab', { name: 'Timeline' }).getAttribute('aria-selected'), 'true');
    await end(page);
  });

  await t.test(
    'what a step was given is computed again; a model call reads as a conversation; attempts have their errors',
    async () => {
      const page = await house.page();
      await open(page, `/runs/${run.retries}?step=call`);
      await page.getByRole('tab', { name: /^Attempts/ }).click();
      await page.getByRole('button', { name: /^Attempt 1/ }).click();
      await page.getByText(/The next attempt was set for/).waitFor();
      assert.match(page.url(), /attempt=1/);
      await page.getByRole('tab', { name: 'Messages' }).click();
      await page
        .locator('[data-role="user"]')
        .getByText(/Where is parcel/)
        .waitFor();
      await page.getByRole('tab', { name: 'Input' }).click();
      await page.getByText("Computed again from this run's data; secrets are never shown.").waitFor();
      assert.deepEqual(await axe(page), []);
      await end(page);
    },
  );

  await t.test('a run is checked against its journal', async () => {
    const page = await house.page();
    await open(page, `/runs/${run.greeting}`);
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Check against the journal' }).click();
    await page.getByText('The same history came out.').waitFor();
    await end(page);
  });

  await t.test('a step whose end is unknown is decided about', async () => {
    const page = await house.page();
    await open(page, `/runs/${run.unknown_step}`);
    await page.getByRole('button', { name: 'Decide about step' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'How did pay end?' });
    assert.ok(await dialog.getByRole('button', { name: 'Decide about step' }).isDisabled());
    await dialog.getByLabel('It was done').check();
    const output = dialog.getByRole('textbox', { name: 'Output' });
    await output.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('{"text": "paid, says the bank"}');
    await dialog.getByRole('button', { name: 'Decide about step' }).click();
    await page.locator('header [data-status="succeeded"]').waitFor();
    assert.match(JSON.stringify((await house.api(`/api/v1/runs/${run.unknown_step}`)).output), /says the bank/);
    await end(page);
  });

  await t.test('hostile names and values are text', async () => {
    const page = await house.page();
    page.on('dialog', () => page.wrongs.push('a script of the data ran'));
    for (const search of ['?step=script', '?view=graph', '?view=events', '?step=fails&tab=input']) {
      await open(page, `/runs/${run.hostile}${search}`);
      if (search === '?view=graph') await page.locator('[data-graph]').waitFor();
    }
    assert.equal(await page.locator('main script, main iframe, main svg[onload], main img[onerror]').count(), 0);
    assert.deepEqual(await page.evaluate(() => window.refused), []);
    await end(page);
  });

  await t.test('what is not there says so, what failed can be tried again, one panel falls alone', async () => {
    const page = await house.page();
    page.expected.push(/\b(404|500)\b/);
    await open(page, '/runs/run_00000000000000000000000000');
    await page.getByText('There is no such run.').waitFor();
    await page.getByRole('link', { name: 'All runs' }).waitFor();
    await open(page, '/bulk-actions/bulk_00000000000000000000000000');
    await page.getByText('There is no such bulk action.').waitFor();
    await open(page, `/runs/${run.greeting}?step=no_such_step`);
    await page.getByText(/This run has no step/).waitFor();

    let broken = true;
    await page.route('**/api/v1/runs/histogram**', (route) =>
      broken
        ? route.fulfill({
            status: 500,
            contentType: 'application/problem+json',
            body: '{"title": "Broken", "status": 500}',
          })
        : route.fallback(),
    );
    await open(page, '/runs');
    await page.getByRole('alert').getByText('Broken').waitFor();
    assert.ok(
      (await page.getByRole('table', { name: 'Runs' }).locator('tbody tr').count()) > 10,
      'the list is still there',
    );
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-histogram]').waitFor();
    await end(page);
  });

  await t.test('filters are saved under a name and come back', async () => {
    const page = await house.page();
    await open(page, '/runs?status=failed,timed_out&range=30d');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save these filters' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save these filters' });
    await dialog.getByLabel('Name').fill('What went wrong');
    await dialog.getByRole('button', { name: 'Save view' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'What went wrong' }).click();
    await page.waitForURL(/status=failed,timed_out/);
    assert.match(page.url(), /range=30d/);
    await end(page);
  });

  await t.test('dragging over the histogram chooses that time', async () => {
    const page = await house.page();
    await open(page, '/runs');
    const box = await page.locator('[data-histogram]').boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/);
    await ready(page);
    const search = new URL(page.url()).searchParams;
    const { items } = await house.api(`/api/v1/runs?limit=1&from=${search.get('from')}&to=${search.get('to')}`);
    await page.getByText(items[0].id.slice(-7)).first().waitFor();
    await end(page);
  });

  await t.test('on a phone runs are read and acted on', async () => {
    const page = await house.page({ width: 390, theme: 'dark' });
    for (const path of [
      '/runs',
      `/runs/${run.failed}`,
      `/runs/${run.all_shapes}?view=graph`,
      `/runs/${run.all_shapes}?view=events`,
      `/runs/${run.reused}/compare/${run.all_shapes}`,
      '/bulk-actions',
    ]) {
      await open(page, path);
      assert.ok((await overflow(page)) <= 0, `${path} is wider than the phone`);
    }
    await open(page, `/runs/${run.failed}`);
    await page.getByRole('button', { name: /^Show step/ }).click();
    await page.getByRole('dialog').locator('[data-inspector]').waitFor();
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Close details' }).first().click();
    await page.getByRole('button', { name: 'Retry run' }).click();
    await page
      .getByRole('dialog', { name: 'Retry this run?' })
      .getByText(/goes on from/)
      .waitFor();
    await end(page);
  });
}
