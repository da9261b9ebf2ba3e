// The page of all runs: the address holds the filters, the order and the columns, as REST takes them.

import { get, poll, query } from "./api.js";
import { byId, el, fillSelect, setText } from "./dom.js";
import {
  ENDED,
  ago,
  count,
  ending,
  field,
  inUnit,
  number,
  originOf,
  sentence,
  setting,
  titleOf,
  words,
} from "./format.js";
import { Rows } from "./rows.js";

const PAGE = 100;
const MOST_COMPARED = 12;
const USUAL = ["clipping", "batch_size", "cell.hidden_size", "seed", "final_loss"];
const FAMILIES = ["experiment", "problem", "cell", "clipping", "initialization", "regularizer", "optimizer"];
const STATUSES = [
  ["state", ["queued", "running", "failed", "cancelled"]],
  ["outcome", ["solved", "exhausted", "diverged"]],
];
const ASKED = [...FAMILIES, "state", "outcome", "sweep", "metric", "below", "above", "sort", "search"];

const asked = new URLSearchParams(location.search);
const picked = new Set();
let catalog = null; // every mechanism, probe and metric
let next = null; // the cursor of the next page
let loading = null;
let newest = null; // the first page as it was drawn
const rows = new Rows(byId("scroller"), row, more);

function columns() {
  return asked.has("columns") ? asked.get("columns").split(",").filter(Boolean) : USUAL;
}

function metricOf(name) {
  return catalog.metric.find(({ kind }) => kind === name);
}

/** The same filters as REST has them. */
function filters() {
  return Object.fromEntries(ASKED.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
}

/** Change what is asked for; it lives in the address, so that a link or a reload shows the same. */
function choose(what) {
  for (const [name, value] of Object.entries(what)) {
    if (value) asked.set(name, value);
    else asked.delete(name);
  }
  const text = asked.toString();
  history.replaceState(null, "", location.pathname + (text && `?${text}`));
  drawFilters();
  newest = null;
  byId("scroller").scrollTop = 0;
  refresh();
}

function valueOf(run, name) {
  const metric = metricOf(name);
  if (!metric) return setting(field(run.spec, name), name);
  const value = run.summary?.[name] ?? null;
  if (value === null) return "–";
  if (metric.yes_or_no) return value ? "yes" : "no";
  return inUnit(value, metric.unit);
}

function row(run) {
  const kind = run.outcome?.kind ?? run.state;
  const pick = el("input", {
    type: "checkbox",
    "aria-label": `Choose run ${run.id.slice(0, 8)}`,
    onchange: (event) => choosing(run, event.target.checked),
  });
  pick.checked = picked.has(run.id);
  const cells = columns().map((name) => {
    const text = valueOf(run, name);
    return el("td", { title: run.absent?.[name] ?? text, class: metricOf(name) ? "figure" : undefined }, text);
  });
  return el(
    "tr",
    { data: { id: run.id } },
    el("td", {}, pick),
    el(
      "td",
      {},
      el("a", { href: `/runs/${run.id}` }, titleOf(run.spec)),
      " ",
      el("span", { class: "id muted" }, run.id.slice(0, 8)),
    ),
    el(
      "td",
      {},
      el("span", { class: `badge ${kind}` }, ending(kind, run.spec.experiment)),
      run.origin === "trained" && !run.replay ? null : el("span", { class: "muted small" }, ` ${originOf(run)}`),
    ),
    el(
      "td",
      { class: "figure" },
      run.step === run.updates ? number(run.step) : `${number(run.step)} of ${number(run.updates)}`,
    ),
    ...cells,
    el("td", { class: "muted" }, ago(run.created_at)),
  );
}

/** The head; a click on a metric sorts by it, another turns the order around. */
function drawHead() {
  const sort = asked.get("sort") ?? "";
  const heads = columns().map((name) => {
    if (!metricOf(name)) return el("th", { scope: "col" }, sentence(name));
    const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
    const turned = order === "ascending" ? `-${name}` : name;
    const sign = { ascending: " ↑", descending: " ↓" }[order] ?? "";
    return el(
      "th",
      { scope: "col", class: "figure", "aria-sort": order },
      el(
        "button",
        { type: "button", class: "sort", onclick: () => choose({ sort: turned, metric: "", below: "", above: "" }) },
        sentence(name) + sign,
      ),
    );
  });
  const fixed = (text, extra = {}) => el("th", { scope: "col", ...extra }, text);
  byId("scroller")
    .querySelector("thead")
    .replaceChildren(
      el(
        "tr",
        {},
        el("th", { scope: "col" }, el("span", { class: "hidden" }, "Chosen")),
        fixed("Run"),
        fixed("State"),
        fixed("Updates", { class: "figure" }),
        ...heads,
        fixed("Posted"),
      ),
    );
}

function options(family) {
  return [["", "Any"], ...catalog[family].map(({ kind }) => [kind, words(kind)])];
}

function drawFilters() {
  for (const family of FAMILIES) fillSelect(byId(family), options(family), asked.get(family) ?? "");
  const statuses = STATUSES.flatMap(([name, kinds]) => kinds.map((kind) => [`${name}=${kind}`, ending(kind)]));
  const status = STATUSES.map(([name]) => name).find((name) => asked.get(name));
  fillSelect(byId("status"), [["", "Any"], ...statuses], status ? `${status}=${asked.get(status)}` : "");
  const orders = catalog.metric.flatMap(({ kind }) => [
    [kind, `${sentence(kind)}, smallest first`],
    [`-${kind}`, `${sentence(kind)}, largest first`],
  ]);
  fillSelect(byId("sort"), [["", "Newest first"], ...orders], asked.get("sort") ?? asked.get("metric") ?? "");
  for (const name of ["search", "below", "above"])
    if (document.activeElement !== byId(name)) byId(name).value = asked.get(name) ?? "";
  const ranged = Boolean(asked.get("metric") || asked.get("sort"));
  byId("below").disabled = byId("above").disabled = !ranged;
  byId("clear").hidden = !Object.keys(filters()).length;
  const more = FAMILIES.slice(4).some((family) => asked.get(family));
  if (more) byId("more").open = true;
}

/** Every setting of the runs that are here, and every metric, to choose columns from. */
function drawColumns() {
  const settings = new Set(rows.items.flatMap(({ spec }) => pathsOf(spec)));
  const offered = [...new Set([...columns(), ...settings, ...catalog.metric.map(({ kind }) => kind)])];
  const signature = offered.join() + columns().join();
  if (byId("columns").dataset.signature === signature) return;
  byId("columns").dataset.signature = signature;
  byId("columns").replaceChildren(
    ...offered.map((name) => {
      const box = el("input", { type: "checkbox", onchange: () => toggle(name) });
      box.checked = columns().includes(name);
      return el("label", {}, box, ` ${words(name)}`);
    }),
  );
}

function toggle(name) {
  const now = columns();
  choose({ columns: (now.includes(name) ? now.filter((other) => other !== name) : [...now, name]).join() || "," });
}

/** The settings of a specification, one level into its parts: "clipping", "clipping.threshold". */
function pathsOf(spec) {
  return Object.entries(spec).flatMap(([name, value]) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return [name];
    return [
      name,
      ...Object.keys(value)
        .filter((key) => key !== "kind")
        .map((key) => `${name}.${key}`),
    ];
  });
}

function choosing(run, chosen) {
  if (chosen) picked.add(run.id);
  else picked.delete(run.id);
  drawPicked();
}

function drawPicked() {
  const link = byId("compare");
  byId("picked").hidden = !picked.size;
  setText(byId("picked-count"), `${count(picked.size, "run")} chosen`);
  const fit = picked.size >= 2 && picked.size <= MOST_COMPARED;
  link.hidden = !fit;
  link.href = `/compare?runs=${[...picked].join()}`;
  setText(
    byId("picked-note"),
    picked.size > MOST_COMPARED
      ? `At most ${MOST_COMPARED} are drawn side by side.`
      : fit
        ? ""
        : "Choose another to compare.",
  );
}

/** Fetch the next page, once at a time. */
function more() {
  if (!next || loading) return;
  loading = get(`/runs${query({ ...filters(), limit: PAGE, cursor: next })}`)
    .then((page) => {
      next = page.next;
      rows.items.push(...page.runs);
      loading = null;
      drawCount();
      rows.redraw();
    })
    .catch(() => {
      loading = null;
    }); // the page's own polling tells what is wrong
}

function drawCount() {
  const n = rows.items.length;
  setText(byId("count"), next ? `The first ${number(n)}; more come as you scroll.` : count(n, "run"));
  byId("none").hidden = n > 0;
  byId("scroller").hidden = n === 0;
  setText(byId("none"), Object.keys(filters()).length ? "No run has all of this." : "No run has been posted yet.");
  byId("scroller")
    .querySelector("table")
    .setAttribute("aria-rowcount", next ? -1 : n + 1);
  drawColumns();
}

/** Ask again for the runs in sight that have not ended. */
async function followed() {
  const going = rows.inSight.filter(({ state }) => !ENDED.includes(state)).map(({ id }) => id);
  if (!going.length) return;
  const { runs } = await get(`/runs${query({ ids: going.join() })}`);
  const byRun = new Map(runs.map((run) => [run.id, run]));
  rows.items.forEach((run, i) => {
    rows.items[i] = byRun.get(run.id) ?? run;
  });
  rows.redraw();
}

async function update() {
  if (!catalog) {
    catalog = await get("/mechanisms");
    drawFilters();
  }
  if (byId("scroller").scrollTop > 0) return followed();
  const page = await get(`/runs${query({ ...filters(), limit: PAGE })}`);
  if (page === newest) return false;
  newest = page;
  next = page.next;
  drawHead();
  rows.set([...page.runs]);
  drawCount();
  return false;
}

for (const family of FAMILIES) byId(family).onchange = (event) => choose({ [family]: event.target.value });
byId("status").onchange = (event) => {
  const [name, kind] = event.target.value.split("=");
  choose({ state: "", outcome: "", ...(name && { [name]: kind }) });
};
byId("sort").onchange = (event) => choose({ sort: event.target.value, metric: "", below: "", above: "" });
for (const name of ["below", "above"]) {
  byId(name).onchange = (event) => {
    const sort = asked.get("sort") ?? asked.get("metric");
    choose({ [name]: event.target.value, sort, metric: sort?.replace(/^-/, "") });
  };
}
let typing = 0;
byId("search").oninput = (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ search: event.target.value.trim() }), 200);
};
byId("clear").onclick = () => choose(Object.fromEntries(ASKED.map((name) => [name, ""])));
byId("unpick").onclick = () => {
  picked.clear();
  drawPicked();
  rows.redraw();
};
const refresh = poll(update, 2);
