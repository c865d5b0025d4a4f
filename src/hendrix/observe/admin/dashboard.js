// The dashboard: what the server tells each second, as text and small plots. Nothing that it tells is ever read as
// markup: URLs are whatever peers have sent.
"use strict";

const KEPT = 180;
const MOST_ROWS = 50;
const MOST_OF_CACHE = 10;
const CACHE_EACH = 5000;
const csrf = document.querySelector("meta[name=csrf]").content;
const at = (id) => document.getElementById(id);
const history = { rate: [], p50: [], p95: [], flight: [], rss: [] };
let paused = false;
let cacheAt = 0;

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (kind) made.className = kind;
  return made;
}

function button(text, act) {
  const made = element("button", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const seconds = (value) => value === null || value === undefined ? "-"
  : value < 1 ? `${Math.round(value * 1000)} ms` : value < 100 ? `${value.toFixed(1)} s`
  : value < 7200 ? `${Math.floor(value / 60)} min` : value < 172800 ? `${Math.floor(value / 3600)} h`
  : `${Math.floor(value / 86400)} d`;
const size = (value) => value === null || value === undefined ? "-" : `${(value / 1048576).toFixed(1)} MB`;
const number = (value, digits = 1) => value === null || value === undefined ? "-" : Number(value).toFixed(digits);

async function post(path, facts) {
  const answer = await fetch(path, {
    method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: JSON.stringify(facts),
  });
  const told = await answer.text();
  if (!answer.ok) throw new Error(told);
  return told;
}

async function act(question, path, facts = {}) {
  if (!window.confirm(question)) return;
  try {
    say("doing it ...");
    await post(path, facts);
    say("done");
  } catch (error) {
    say(error.message, "bad");
  }
}

function say(text, kind = "") {
  at("state").textContent = text;
  at("state").className = kind;
}

function table(id, columns, rows, none) {
  const made = at(id);
  made.replaceChildren();
  if (!rows.length) {
    made.append(element("caption", none));
    return;
  }
  const head = element("tr");
  for (const [title, , kind] of columns) head.append(element("th", title, kind));
  const body = element("tbody");
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = element("tr");
    for (const [, show, kind] of columns) {
      const shown = show(row);
      const cell = element("td", shown instanceof Node ? undefined : shown, kind);
      if (shown instanceof Node) cell.append(shown);
      line.append(cell);
    }
    body.append(line);
  }
  const top = element("thead");
  top.append(head);
  made.append(top, body);
}

function plot(title, value, ...series) {
  const made = element("figure");
  const caption = element("figcaption", title);
  caption.prepend(element("b", value));
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${KEPT} 40`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${title}: ${value}`);
  const most = Math.max(1e-9, ...series.flat());
  for (const one of series) {
    const line = document.createElementNS(space, "polyline");
    const from = KEPT - one.length;
    line.setAttribute("points", one.map((y, x) => `${from + x},${(38 - 36 * y / most).toFixed(1)}`).join(" "));
    svg.append(line);
  }
  made.append(caption, svg);
  return made;
}

function keep(name, value) {
  history[name].push(value ?? 0);
  if (history[name].length > KEPT) history[name].shift();
}

function plots(facts) {
  const rss = facts.workers.reduce((sum, worker) => sum + (worker.rss || 0), 0);
  keep("rate", facts.rate); keep("p50", facts.latency.p50); keep("p95", facts.latency.p95);
  keep("flight", facts.in_flight); keep("rss", rss);
  const made = [
    plot("requests/s", number(facts.rate), history.rate),
    plot("in flight", facts.in_flight, history.flight),
    plot("memory of the workers", size(rss), history.rss),
  ];
  if (facts.measured) {
    const latency = `${seconds(facts.latency.p50)} / ${seconds(facts.latency.p95)}`;
    made.splice(1, 0, plot("latency p50 / p95", latency, history.p95, history.p50));
  }
  at("plots").replaceChildren(...made);
}

function beside(facts) {
  const parts = [];
  const asked = facts.workers.reduce((sum, worker) => sum + (worker.asked || 0), 0);
  const hits = facts.workers.reduce((sum, worker) => sum + (worker.hits || 0), 0);
  if (asked) parts.push(`cache: ${(100 * hits / asked).toFixed(0)} % of ${asked}`);
  for (const [name, value] of Object.entries(facts.levels)) {
    if (name.startsWith("sockets_") && value) parts.push(`${name.slice(8)}: ${value}`);
  }
  const tasks = facts.workers.filter((worker) => worker.kind === "tasks");
  if (tasks.length) {
    const running = tasks.reduce((sum, worker) => sum + (worker.busy || 0), 0);
    parts.push(`tasks: ${running} running, ${Math.max(...tasks.map((worker) => worker.queue || 0))} waiting`);
  }
  if (facts.hub && facts.hub.pid) parts.push(`relay: ${number(facts.hub.rate)} messages/s`);
  if (facts.crashes) parts.push(`${facts.crashes} crashes`);
  at("beside").textContent = parts.join(" \u00b7 ");
}

// What all workers say of one thing, by its name, the most first.
function together(pairs) {
  const sums = new Map();
  for (const [name, value] of pairs) sums.set(name, (sums.get(name) || 0) + value);
  return [...sums].sort((one, other) => other[1] - one[1]).slice(0, MOST_OF_CACHE);
}

async function cache(facts) {
  const asked = facts.workers.some((worker) => worker.asked);
  if (!asked || Date.now() - cacheAt < CACHE_EACH) return;
  cacheAt = Date.now();
  const answer = await fetch("/cache.json");
  if (!answer.ok) return;
  const { workers } = await answer.json();
  const shared = workers.some((worker) => worker.shared);
  const sum = (name) => workers.reduce((all, worker) => all + (worker[name] || 0), 0);
  const held = (name) => shared ? Math.max(0, ...workers.map((worker) => worker[name] || 0)) : sum(name);
  const found = sum("hits") + sum("stale");
  const all = found + sum("misses") + sum("collapsed");
  at("cache").hidden = false;
  at("cache-holds").textContent = `${all ? (100 * found / all).toFixed(0) : 0} % of ${all} found, `
    + `${sum("passed")} passed by \u00b7 ${held("entries")} pages, ${size(held("bytes"))} of ${size(held("limit"))} `
    + `\u00b7 ${sum("evicted")} let go for room`;
  table("cache-top", [["hits", (row) => row[1], "number"], ["most asked for", (row) => row[0], "long"]],
    together(workers.flatMap((worker) => worker.top.map(([url, hits]) => [url, hits]))), "nothing found yet");
  table("cache-reasons", [["answers", (row) => row[1], "number"], ["why not cached", (row) => row[0]]],
    together(workers.flatMap((worker) => Object.entries(worker.reasons))), "all was cached");
  table("cache-recent", [["why", (row) => row[1]], ["lately not cached", (row) => row[0], "long"]],
    workers.flatMap((worker) => worker.recent).slice(-MOST_OF_CACHE).reverse(), "all was cached");
}

async function stack(id) {
  const shown = at("stack");
  shown.hidden = false;
  shown.textContent = "...";
  try {
    const answer = await fetch(`/stack?id=${encodeURIComponent(id)}`);
    shown.textContent = await answer.text();
  } catch (error) {
    shown.textContent = error.message;
  }
}

function show(facts) {
  at("name").textContent = `Hendrix ${facts.version} \u00b7 ${facts.name ?? ""}`;
  document.title = `${facts.name ?? ""} \u00b7 Hendrix`;
  const silent = (facts.silent || []).map((worker) => `; worker ${worker} does not answer`).join("");
  say(`${facts.phase}, generation ${facts.generation}, up ${seconds(Date.now() / 1000 - facts.started)}${silent}`,
    silent ? "bad" : "good");
  beside(facts);
  plots(facts);
  table("workers", [
    ["worker", (row) => row.worker], ["pid", (row) => row.pid], ["gen", (row) => row.generation],
    ["state", (row) => element("span", row.state, row.state === "ready" ? "good" : "bad")],
    ["age", (row) => seconds(row.age), "number"], ["busy", (row) => `${row.busy}/${row.threads}`, "number"],
    ["in flight", (row) => row.in_flight ?? "-", "number"], ["queue", (row) => row.queue, "number"],
    ["req/s", (row) => number(row.rate), "number"],
    ["CPU", (row) => row.cpu === null ? "-" : `${Math.round(100 * row.cpu)} %`, "number"],
    ["memory", (row) => size(row.rss), "number"],
    ["", (row) => row.kind === "tasks" ? "" : button("recycle",
      () => act(`Replace worker ${row.worker}?`, "/recycle", { worker: row.worker }))],
  ], facts.workers, "no workers");
  table("requests", [
    ["age", (row) => seconds(row.age), "number"], ["request", (row) => `${row.method} ${row.url}`, "long"],
    ["view", (row) => row.view], ["worker", (row) => row.worker], ["where", (row) => row.where],
    ["peer", (row) => row.peer], ["", (row) => button("stack", () => stack(row.id))],
  ], facts.requests, "none");
  table("views", [
    ["view", (row) => row.view, "long"], ["count", (row) => row.count, "number"], ["5xx", (row) => row.failed, "number"],
    ["mean", (row) => seconds(row.mean), "number"], ["p95 at most", (row) => seconds(row.p95), "number"],
    ["total", (row) => seconds(row.seconds), "number"],
  ], facts.views, facts.measured ? "none yet" : "counted where the server runs with --metrics");
  table("errors", [
    ["ago", (row) => seconds(Date.now() / 1000 - row.at), "number"], ["error", (row) => row.error],
    ["request", (row) => row.request, "long"], ["id", (row) => row.id],
  ], facts.errors, "none");
}

at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").textContent = paused ? "Go on" : "Pause";
});
at("reload").addEventListener("click", () => act("Reload the code?", "/reload"));
at("purge").addEventListener("click", () => act("Purge the whole cache?", "/purge"));

const events = new EventSource("/events");
events.addEventListener("message", (event) => {
  if (paused) return;
  const facts = JSON.parse(event.data);
  show(facts);
  cache(facts).catch((error) => say(error.message, "bad"));
});
events.addEventListener("error", () => say("no connection; trying again", "bad"));
