// The first page: runs, and one run's steps, live. Everything comes from the public API; all text is set as text.

import { api, element, show } from "./page.js";
import { openPages, send, showSignIn } from "./sign-in.js";

const live = document.getElementById("live");
let stream = null;
let refreshTimer = null;

const time = (text) => (text ? new Date(text).toLocaleString() : "");

function duration(from, to) {
  if (!from) return "";
  const ms = (to ? new Date(to) : new Date()) - new Date(from);
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

const status = (value) => element("span", { class: `status ${value}` }, value.replace("_", " "));

function table(headings, rows) {
  const head = headings.map(([text, kind]) => element("th", { class: kind, scope: "col" }, text));
  return element("div", { class: "scroll" },
    element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows)));
}

function showError(error) {
  if (error.status === 401) {
    showSignIn().catch(showError);
    return;
  }
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", route);
  show(error.status === 404 ? "Not found" : "Something went wrong",
    element("div", { class: "notice" }, element("p", { class: "error", role: "alert" }, error.message), again));
}

// --- live updates: server-sent events, resumed by the browser with Last-Event-ID

function follow(url, onEvent) {
  stream?.close();
  stream = new EventSource(url);
  stream.onopen = () => { live.className = "on"; live.textContent = "live"; };
  stream.onerror = () => { live.className = "off"; live.textContent = "reconnecting"; };
  stream.onmessage = onEvent;
  stream.addEventListener("resync", onEvent);
}

// Many events in a moment are one refresh.
function soon(refresh) {
  if (refreshTimer) return;
  refreshTimer = setTimeout(async () => {
    refreshTimer = null;
    try { await refresh(); } catch (error) { if (error.status !== 0) showError(error); }
  }, 250);
}

// --- the pages

function runRow(run) {
  const open = element("a", { href: `/runs/${run.id}` }, run.id.slice(0, 4) + run.id.slice(-6));
  return element("tr", {},
    element("td", { class: "path" }, open),
    element("td", {}, run.flow.name, element("span", { class: "quiet" }, ` v${run.flow.version}`)),
    element("td", {}, status(run.status)),
    element("td", {}, time(run.created_at)),
    element("td", { class: "number" }, duration(run.started_at, run.finished_at)),
    element("td", { class: "number" }, String(run.totals.steps)),
    element("td", { class: "number" }, `$${run.totals.cost_usd}`),
    element("td", { class: "error" }, run.error?.message ?? ""));
}

async function showRuns() {
  const cursor = new URLSearchParams(location.search).get("cursor");
  const page = await api(`/api/v1/runs?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  if (page.items.length === 0) {
    show("Runs", element("div", { class: "notice" },
      element("p", {}, "No run yet."),
      element("p", {}, "Start one: ", element("code", {}, "sluice run FLOW.json"), ", or ",
        element("code", {}, "POST /api/v1/flows/{id}/runs"), ".")));
    return;
  }
  const rows = page.items.map(runRow);
  const older = page.next_cursor
    ? element("p", {}, element("a", { href: `/?cursor=${encodeURIComponent(page.next_cursor)}` }, "Older runs")) : null;
  show("Runs", table([["Run"], ["Flow"], ["Status"], ["Created"], ["Time", "number"], ["Steps", "number"],
    ["Cost", "number"], ["Error"]], rows), older);
}

const opened = new Map(); // path → loaded value, so that a refresh keeps what is open

function stepRow(run, step) {
  const details = element("details", opened.has(step.path) ? { open: "" } : {}, element("summary", {}, step.path));
  if (opened.has(step.path)) details.append(element("pre", {}, opened.get(step.path)));
  details.addEventListener("toggle", async () => {
    if (!details.open) { opened.delete(step.path); return; }
    if (opened.has(step.path)) return;
    const box = element("pre", {}, "Loading…");
    details.append(box);
    try {
      const value = await api(`/api/v1/runs/${run}/steps/${encodeURIComponent(step.path)}`);
      box.textContent = JSON.stringify(value.output ?? value.error ?? null, null, 2);
    } catch (error) {
      box.textContent = error.message;
    }
    opened.set(step.path, box.textContent);
  });
  return element("tr", {},
    element("td", { class: "path" }, details),
    element("td", {}, step.type),
    element("td", {}, status(step.status)),
    element("td", { class: "number" }, String(step.attempts || "")),
    element("td", { class: "number" }, step.started_at && step.attempts ? duration(step.started_at, step.finished_at) : ""),
    element("td", { class: "number" }, step.usage ? `$${step.usage.cost_usd}` : ""),
    element("td", { class: "error" }, step.error?.message ?? ""));
}

async function showRun(id) {
  const [run, steps] = await Promise.all([api(`/api/v1/runs/${id}`), api(`/api/v1/runs/${id}/steps?limit=1000`)]);
  const fact = (name, ...value) => element("div", {}, element("dt", {}, name), element("dd", {}, ...value));
  const facts = element("dl", { class: "facts" },
    fact("Status", status(run.status)),
    fact("Flow", `${run.flow.name} v${run.flow.version}`),
    fact("Started", time(run.started_at)),
    fact("Time", duration(run.started_at, run.finished_at)),
    fact("Steps", String(steps.total)),
    fact("Tokens", `${run.totals.input_tokens} in, ${run.totals.output_tokens} out`),
    fact("Cost", `$${run.totals.cost_usd}${run.totals.simulated ? " (simulated)" : ""}`));
  const rows = steps.items.map((step) => stepRow(id, step));
  const more = steps.total > steps.items.length
    ? element("p", { class: "quiet" }, `The first ${steps.items.length} of ${steps.total} steps; \`sluice runs steps\` lists all.`) : null;
  show(`Run ${id}`, facts,
    run.error ? element("p", { class: "error", role: "alert" }, run.error.message) : null,
    table([["Step"], ["Type"], ["Status"], ["Attempts", "number"], ["Time", "number"], ["Cost", "number"], ["Error"]], rows),
    more,
    run.output !== undefined ? [element("h2", {}, "Output"), element("pre", {}, JSON.stringify(run.output, null, 2))] : []);
}

function showWho(me) {
  const out = element("button", { type: "button" }, "Sign out");
  out.addEventListener("click", async () => {
    try { await send("/api/v1/auth/logout", {}); } finally { location.assign("/"); }
  });
  document.getElementById("workspace").replaceChildren(me.user ? `${me.workspace.name} · ${me.user.name} ` : `${me.workspace.name} `, out);
}

async function route() {
  try {
    if (openPages[location.pathname]) { await openPages[location.pathname](); return; }
    const me = await api("/api/v1/auth/me");
    showWho(me);
    const match = location.pathname.match(/^\/runs\/([a-z0-9_]+)$/);
    if (match) {
      const refresh = () => showRun(match[1]);
      await refresh();
      follow(`/api/v1/events?topic=run/${match[1]}&workspace=${me.workspace.id}`, () => soon(refresh));
    } else {
      await showRuns();
      follow(`/api/v1/events?topic=events&workspace=${me.workspace.id}`, () => soon(showRuns));
    }
  } catch (error) {
    showError(error);
    if (error.status === 0) setTimeout(route, 3000);
  }
}

route();
