// The first page: all sweeps, and the newest runs.

import { get, poll } from "./api.js";
import { byId, el } from "./dom.js";
import { ago, ending, number, originOf, setting, titleOf, words } from "./format.js";
import { bar, done, legend } from "./progress.js";

const NEWEST = 12;
let drawn = null;
let shownRuns = null;

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
  return el("li", { class: "card sweep", data: { id: sweep.id } },
    el("div", { class: "sweep-head" },
      el("h2", {}, title),
      el("span", { class: `badge ${sweep.finished ? "finished" : "live"}` }, sweep.finished ? "finished" : "running"),
      el("time", { class: "muted", datetime: sweep.created_at }, ago(sweep.created_at))),
    el("p", { class: "muted axes" }, axesOf(sweep)),
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
  return el("tr", {},
    el("td", {}, link, " ", el("span", { class: "id muted" }, run.id.slice(0, 8))),
    el("td", {}, el("span", { class: `badge ${kind}` }, ending(kind, run.spec.experiment))),
    el("td", {}, originOf(run)),
    el("td", {}, `${number(run.step)} of ${number(run.updates)}`),
    el("td", { class: "muted" }, ago(run.created_at)));
}

async function refreshRuns() {
  const page = await get(`/runs?limit=${NEWEST}`);
  if (page === shownRuns) return;
  const head = ["Run", "State", "Origin", "Steps", "Posted"].map((text) => el("th", { scope: "col" }, text));
  byId("runs").replaceChildren(
    el("caption", { class: "hidden" }, "The newest runs"),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, page.runs.map(runRow)),
  );
  byId("newest").hidden = !page.runs.length;
  shownRuns = page;
}

async function refresh() {
  await refreshRuns();
  const page = await get("/sweeps");
  if (page !== drawn) {
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    byId("sweeps").replaceChildren(...page.sweeps.map(item));
    if (focused) document.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
    byId("empty").hidden = page.sweeps.length > 0 || !byId("newest").hidden;
    byId("loading").hidden = true;
    drawn = page;
  }
  return false;
}

byId("origin").textContent = location.origin;
poll(refresh, 1);
