// The first page: what runs now, the newest sweeps and runs, and the gallery of mechanisms.

import { get, poll } from "./api.js";
import { answerOf } from "./best.js";
import { byId, el, setText } from "./dom.js";
import { ago, count, ending, number, originOf, setting, titleOf, words } from "./format.js";
import { drawGallery } from "./gallery.js";
import { Pace, bar, done, legend } from "./progress.js";
import { smallMap } from "./smallmap.js";

const NEWEST = 12;
const WITH_MAP = 6; // sweeps whose comparison is drawn small
const MAP_SECONDS = 5;
const maps = new Map(); // sweep -> {done, at, comparison}
const paces = new Map(); // sweep -> Pace
let drawn = null;
let shownRuns = null;

/** "2 workers on cpu, 1 silent · 12 running · 3,020 queued". */
function nowOf({ workers, states }) {
  const alive = workers.filter(({ silent_seconds: silent }) => silent < 60);
  const devices = [...new Set(alive.map(({ device }) => device))].join(", ");
  const lost = workers.length - alive.length;
  const lanes = alive.reduce((sum, worker) => sum + worker.lanes, 0);
  return [
    alive.length
      ? `${count(alive.length, "worker")} on ${devices}${lost ? `, ${number(lost)} silent` : ""}`
      : "No worker: nothing is trained until one starts",
    lanes ? `${count(lanes, "lane")}` : "",
    `${number(states.running ?? 0)} running`,
    `${number(states.queued ?? 0)} queued`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What a sweep shows so far, and how long it will take. */
function findings(sweep) {
  const map = maps.get(sweep.id)?.comparison;
  const answer = map && answerOf(map);
  if (!paces.has(sweep.id)) paces.set(sweep.id, new Pace());
  const pace = paces.get(sweep.id);
  if (!sweep.finished) pace.add(sweep);
  return [
    map ? smallMap(map) : null,
    el(
      "div",
      { class: "findings-text" },
      answer ? el("p", { class: "small" }, answer) : null,
      sweep.finished ? null : el("p", { class: "muted small" }, pace.describe(sweep)),
    ),
  ];
}

/** Fetch the comparisons of the newest sweeps whose runs have gone on since; true where one changed. */
async function refreshMaps(sweeps) {
  const due = sweeps.slice(0, WITH_MAP).filter((sweep) => {
    const last = maps.get(sweep.id);
    return !last || (last.done !== done(sweep) && Date.now() - last.at > MAP_SECONDS * 1000);
  });
  await Promise.all(
    due.map(async (sweep) => {
      const comparison = await get(`/sweeps/${sweep.id}/comparison`).catch(() => null);
      maps.set(sweep.id, { done: done(sweep), at: Date.now(), comparison });
    }),
  );
  return due.length > 0;
}

function axesOf(sweep) {
  const axes = Object.entries(sweep.axes).map(([name, values]) => {
    const size = sweep.axis_sizes[name];
    const more = size > values.length ? [`… (${number(size)} values)`] : [];
    return `${words(name)}: ${[...values.map((v) => setting(v, name)), ...more].join(", ")}`;
  });
  const seeds = sweep.seeds.count > 1 ? [`${number(sweep.seeds.count)} seeds`] : [];
  return [...axes, ...seeds].join(" · ");
}

function item(sweep) {
  const title = el("a", { href: `/sweeps/${sweep.id}` }, sweep.name || sweep.id.slice(0, 8));
  return el(
    "li",
    { class: "card sweep", data: { id: sweep.id } },
    el(
      "div",
      { class: "sweep-head" },
      el("h2", {}, title),
      el("span", { class: `badge ${sweep.finished ? "finished" : "live"}` }, sweep.finished ? "finished" : "running"),
      el("time", { class: "muted", datetime: sweep.created_at }, ago(sweep.created_at)),
    ),
    el("p", { class: "muted axes" }, axesOf(sweep)),
    el("div", { class: "findings-row" }, findings(sweep)),
    bar(sweep),
    el(
      "div",
      { class: "sweep-foot" },
      legend(sweep),
      el("span", { class: "muted" }, `${number(done(sweep))} of ${number(sweep.runs)} runs`),
    ),
  );
}

function runRow(run) {
  const kind = run.outcome?.kind ?? run.state;
  const link = el("a", { href: `/runs/${run.id}` }, titleOf(run.spec));
  return el(
    "tr",
    {},
    el("td", {}, link, " ", el("span", { class: "id muted" }, run.id.slice(0, 8))),
    el("td", {}, el("span", { class: `badge ${kind}` }, ending(kind, run.spec.experiment))),
    el("td", {}, originOf(run)),
    el("td", {}, `${number(run.step)} of ${number(run.updates)}`),
    el("td", { class: "muted" }, ago(run.created_at)),
  );
}

async function refreshRuns() {
  const page = await get(`/runs?limit=${NEWEST}`);
  if (page === shownRuns) return;
  const head = ["Run", "State", "Origin", "Updates", "Posted"].map((text) => el("th", { scope: "col" }, text));
  byId("runs").replaceChildren(
    el("caption", { class: "hidden" }, "The newest runs"),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, page.runs.map(runRow)),
  );
  byId("newest").hidden = !page.runs.length;
  shownRuns = page;
}

function drawSweeps(page) {
  const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
  byId("sweeps").replaceChildren(...page.sweeps.map(item));
  if (focused) document.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
  byId("sweeps-part").hidden = !page.sweeps.length;
  byId("loading").hidden = true;
  drawn = page;
}

async function refresh() {
  const [, work, page] = await Promise.all([refreshRuns(), get("/workers"), get("/sweeps")]);
  setText(byId("now"), nowOf(work));
  if (page !== drawn) drawSweeps(page);
  if (await refreshMaps(page.sweeps)) drawSweeps(page);
  byId("empty").hidden = page.sweeps.length > 0 || !byId("newest").hidden;
  return false;
}

byId("origin").textContent = location.origin;
drawGallery(byId("gallery"));
poll(refresh, 1);
