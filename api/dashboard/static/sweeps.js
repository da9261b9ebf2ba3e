// The page of all sweeps.

import { get, poll } from "./api.js";
import { byId, el } from "./dom.js";
import { ago, number, setting, words } from "./format.js";
import { bar, done, legend } from "./progress.js";

let drawn = null;

function axesOf(sweep) {
  const axes = Object.entries(sweep.axes).map(([name, values]) => `${words(name)}: ${values.map(setting).join(", ")}`);
  const seeds = sweep.seeds?.length > 1 ? [`${sweep.seeds.length} seeds`] : [];
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

async function refresh() {
  const page = await get("/sweeps");
  if (page !== drawn) {
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    byId("sweeps").replaceChildren(...page.sweeps.map(item));
    if (focused) document.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
    byId("empty").hidden = page.sweeps.length > 0;
    byId("loading").hidden = true;
    drawn = page;
  }
  return false;
}

byId("origin").textContent = location.origin;
poll(refresh, 1);
