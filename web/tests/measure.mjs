// How fast a page is: frames, long tasks and the largest paint, as the browser itself tells them; and the table of what was measured.
import { writeFileSync } from 'node:fs';

/** In every page of a context, before anything else. */
export function watchSpeed() {
  const speed = { tasks: [], frames: [], on: false, paint: 0 };
  window.speed = speed;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) speed.tasks.push({ at: entry.startTime, took: entry.duration });
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) speed.paint = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  let last;
  const frame = (now) => {
    if (!speed.on) return;
    if (last !== undefined) speed.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  speed.begin = () => {
    speed.tasks = [];
    speed.frames = [];
    speed.on = true;
    last = undefined;
    requestAnimationFrame(frame);
  };
  speed.end = () => {
    speed.on = false;
    const sorted = [...speed.frames].sort((a, b) => a - b);
    return {
      frames: sorted.length,
      p95: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0,
      worst: sorted.at(-1) ?? 0,
      task: Math.max(0, ...speed.tasks.map((one) => one.took)),
    };
  };
}

/** What the frames and tasks of the page were while `act` went on. */
export async function during(page, act) {
  await page.evaluate(() => window.speed.begin());
  await act();
  // Two frames more: what the last act gave is drawn, and its task told of.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
  return page.evaluate(() => window.speed.end());
}

/** The milliseconds from the page's navigation to when it has this element. */
export async function reached(page, selector) {
  const at = await page.waitForFunction(
    (wanted) => (document.querySelector(wanted) ? performance.now() : 0),
    selector,
    { polling: 'raf' },
  );
  return at.jsonValue();
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Rows of "row, what, measured, threshold, reached". */
export class SpeedTable {
  rows = [];

  /** A value that must not be above the threshold. A busy machine's times (`busy`: what was measured of it) are not judged. */
  most(row, what, measured, threshold, unit, busy) {
    const text = `${Number(measured.toFixed(unit === 'ms' ? 1 : 3))} ${unit}`.trim();
    const reached = busy ? `skipped: ${busy}` : measured <= threshold ? 'yes' : 'NO';
    this.rows.push([row, what, text, `<= ${threshold} ${unit}`.trim(), reached]);
    return reached;
  }

  /** What holds or does not, whatever the machine does. */
  holds(row, what, is, wanted = 'yes') {
    this.rows.push([row, what, is ? 'yes' : 'no', wanted, is ? 'yes' : 'NO']);
    return is;
  }

  skipped(row, what, why) {
    this.rows.push([row, what, '', '', `skipped: ${why}`]);
  }

  get missed() {
    return this.rows.filter((row) => row.at(-1) === 'NO');
  }

  text() {
    const head = ['row', 'what', 'measured', 'threshold', 'reached'];
    const all = [head, ...this.rows];
    const widths = head.map((_, at) => Math.max(3, ...all.map((row) => String(row[at]).length)));
    const line = (cells) => `| ${cells.map((cell, at) => String(cell).padEnd(widths[at])).join(' | ')} |`;
    return [line(head), line(widths.map((width) => '-'.repeat(width))), ...this.rows.map(line)].join('\n');
  }

  write(file) {
    writeFileSync(file, `# Acceptance: speed\n\n${this.text()}\n`);
  }
}
