// node tests/browser.mjs: the whole browser suite against one server and one Chromium; totals are the last lines.
//   SLUICE_BINARY=build/release/sluice node web/tests/browser.mjs [visits|shell|access|…]
import { after, before, test } from 'node:test';
import { House } from './house.mjs';
import { access } from './journeys/access.test.mjs';
import { flows } from './journeys/flows.test.mjs';
import { keyboard } from './journeys/keyboard.test.mjs';
import { lists } from './journeys/lists.test.mjs';
import { redo } from './journeys/redo.test.mjs';
import { runs } from './journeys/runs.test.mjs';
import { live } from './live.test.mjs';
import { shell } from './shell.test.mjs';
import { speed } from './speed.test.mjs';
import { visits } from './visits.test.mjs';

const parts = { visits, shell, access, lists, runs, redo, live, flows, keyboard, speed };
const wanted = process.argv.slice(2);

let house;
before(async () => {
  house = await House.open();
});
after(async () => {
  await house?.close();
});
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) test(name, { timeout: 1_200_000 }, (t) => part(house, t));
}
