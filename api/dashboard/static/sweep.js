// The page of one sweep: its progress, its comparison as live heat maps, and the cell that the reader chose.

import { download, get, notice, poll, post, query } from "./api.js";
import { answerOf, placeOfBest } from "./best.js";
import { CellView } from "./cell.js";
import { onThemeChange } from "./colors.js";
import { byId, el, fillSelect, setText } from "./dom.js";
import { AGGREGATES, ago, axisName, sentence } from "./format.js";
import { Heatmap } from "./heatmap.js";
import { show } from "./plot.js";
import { Pace, bar, legend } from "./progress.js";
import { NONE, SIDES, exchanged, fieldsOf, question } from "./question.js";
import { cellAt, cellsOf, placeIn, placeName, samePlace, written } from "./tables.js";

const MOST_KEPT = 7; // cells beside the chosen one: more lines cannot be told apart
const id = document.querySelector("main").dataset.sweep;
const report = byId("report").getAttribute("href");
const chosen = Object.fromEntries(new URLSearchParams(location.search));
const pace = new Pace();
const cell = new CellView(chosen, remember);
const heatmap = new Heatmap(byId("heatmap"), (at) => choose({ cell: written(at, shown.comparison), run: undefined }));
let shown = { sweep: null, comparison: null, cells: null, asked: null };
let metrics = null;
let measured = []; // metrics of which a run of this sweep has a value; none before one has ended
let seen = 0; // outcomes of the runs that were looked at for these
let first = null;

/** What the reader chose lives in the address: reloading or sharing it shows the same. */
function remember(what) {
  Object.assign(chosen, what);
  history.replaceState(null, "", location.pathname + query(chosen));
}

function choose(what) {
  remember(what);
  refresh();
}

/** Runs of a cancelled sweep go on while another sweep has them, or because they were posted alone. */
function cancelled({ cancelled_at, states }) {
  if (!cancelled_at) return "";
  const going = (states.queued ?? 0) + (states.running ?? 0);
  return `, cancelled ${ago(cancelled_at)}${going ? `; ${going} of its runs go on for others` : ""}`;
}

function drawHead(sweep) {
  document.title = `${sweep.name} · LTD Lab`;
  setText(byId("name"), sweep.name || sweep.id.slice(0, 8));
  setText(byId("created"), `posted ${ago(sweep.created_at)}${cancelled(sweep)}`);
  byId("progress").replaceChildren(bar(sweep), legend(sweep));
  byId("cancel").hidden = sweep.finished || Boolean(sweep.cancelled_at);
}

/** The fields on the sides as the server took them. */
function sidesOf({ rows, columns, panels }) {
  return { rows: rows.field, columns: columns.field, panels: panels?.field ?? NONE };
}

/** The sides as a question has them: without panels where there are none. */
function asCompared(comparison) {
  const { panels, ...sides } = sidesOf(comparison);
  return panels === NONE ? sides : { ...sides, panels };
}

function knownFields(sweep, sides) {
  return [...new Set([...fieldsOf(sweep), ...Object.values(sides)])].filter((name) => name !== NONE);
}

/** Options of the pickers; the server's answer says what is shown when the reader chose nothing. */
function drawPickers(sweep, comparison) {
  const sides = sidesOf(comparison);
  const known = knownFields(sweep, sides).map((name) => [name, sentence(axisName(name))]);
  fillSelect(byId("rows"), known, sides.rows);
  fillSelect(byId("columns"), known, sides.columns);
  fillSelect(byId("panels"), [[NONE, "Nothing"], ...known], sides.panels);
  const offered = metrics.filter(
    ({ kind }) => !measured.length || kind === comparison.metric.name || measured.includes(kind),
  );
  fillSelect(byId("metric"), offered.map((m) => [m.kind, sentence(m.kind)]), comparison.metric.name);
  fillSelect(byId("aggregate"), aggregatesOf(comparison.metric), comparison.aggregate);
  byId("quantile-picker").hidden = comparison.aggregate !== "quantile";
  if (document.activeElement !== byId("quantile")) byId("quantile").value = comparison.quantile ?? "";
  setText(
    byId("metric-note"),
    metrics.find((m) => m.kind === comparison.metric.name)?.summary ?? comparison.metric.description ?? "",
  );
}

/** The place that is shown before the reader chooses one: the best so far, which then stays. */
function firstPlace(comparison) {
  const at = placeOfBest(comparison) ?? cellsOf(comparison)[0]?.at;
  return at ? written(at, comparison) : null;
}

/** The places whose curves the reader keeps beside those of the chosen cell. */
function kept(comparison) {
  return (chosen.kept ?? "").split(";").filter(Boolean).map(placeIn).filter((at) => cellAt(comparison, at));
}

function keep(places, comparison) {
  choose({ kept: places.map((at) => written(at, comparison)).join(";") });
}

function drawKept(comparison, beside, at) {
  byId("keep").disabled = beside.some((other) => samePlace(other, at)) || beside.length >= MOST_KEPT;
  byId("keep").onclick = () => keep([...beside, at], comparison);
  byId("kept").replaceChildren(...beside.map((place) => {
    const name = placeName(comparison, place);
    const less = beside.filter((other) => other !== place);
    const away = { type: "button", class: "tool", title: "Take away", "aria-label": `Take ${name} away` };
    return el("li", {}, name, el("button", { ...away, onclick: () => keep(less, comparison) }, "×"));
  }));
}

async function drawCell(sweep, comparison) {
  first ??= firstPlace(comparison);
  const at = placeIn(chosen.cell ?? first ?? "");
  const there = cellAt(comparison, at);
  const beside = kept(comparison);
  heatmap.draw(comparison, there ? at : null, beside);
  setText(byId("answer"), answerOf(comparison));
  if (!there) return;
  const covered = Object.values(sidesOf(comparison));
  const apart = [...Object.keys(sweep.axes), "seed"].filter(
    (name) => !covered.some((c) => name === c || name.startsWith(`${c}.`)),
  );
  const cells = [...new Set([written(at, comparison), ...beside.map((other) => written(other, comparison))])].join(";");
  drawKept(comparison, beside, at);
  const pictures = `/sweeps/${id}/pictures${query({ ...asCompared(comparison), cells })}`;
  await cell.show(placeName(comparison, at), there.runs, [...new Set(apart)], comparison.metric, pictures);
}

/** The comparison along one of its fields, where that has numbers. */
async function drawLines() {
  const { pictures: [figure] } = await get(`/sweeps/${id}/comparison/pictures${shown.asked}`);
  byId("along").hidden = !figure;
  if (!figure) return;
  setText(byId("lines-note"), figure.caption);
  byId("lines").setAttribute("aria-label", figure.title);
  await show(byId("lines"), figure, shown.asked);
}

/** The metrics of which a run has a value, of one run for each outcome: one that has diverged has no final loss. */
async function measuredOf(outcomes) {
  const lists = await Promise.all(outcomes.map((outcome) => get(`/runs${query({ sweep: id, outcome, limit: 1 })}`)));
  const summaries = lists.flatMap(({ runs }) => runs.map((run) => run.summary ?? {}));
  return metrics.map((m) => m.kind).filter((name) => summaries.some((summary) => (summary[name] ?? null) !== null));
}

async function update() {
  metrics ??= (await get("/mechanisms")).metric;
  const sweep = await get(`/sweeps/${id}`);
  const outcomes = Object.keys(sweep.outcomes);
  if (outcomes.length !== seen) [measured, seen] = [await measuredOf(outcomes), outcomes.length];
  const { rows, columns, panels, ...rest } = question(sweep, chosen, measured);
  const asked = query({ rows, columns, panels, ...rest });
  const comparison = await get(`/sweeps/${id}/comparison${asked}`);
  pace.add(sweep);
  setText(byId("pace"), pace.describe(sweep));
  if (sweep !== shown.sweep) drawHead(sweep);
  const cells = `${chosen.cell} ${chosen.kept}`;
  const changed = comparison !== shown.comparison || cells !== shown.cells;
  shown = { sweep, comparison, cells, asked };
  byId("report").href = report + query({ rows, columns, panels });
  if (changed) {
    byId("main").classList.toggle("wide", Boolean(comparison.panels));
    drawPickers(sweep, comparison);
    await Promise.all([drawCell(sweep, comparison), drawLines()]);
  } else await cell.update();
  return sweep.finished;
}

/** What runs may be put together by: a yes or no has a rate, and nothing else has. */
function aggregatesOf(metric) {
  return Object.entries(AGGREGATES).filter(
    ([name]) => name === "mean" || (name === "success_rate") === metric.yes_or_no,
  );
}

function onPick(name, work) {
  byId(name).onchange = (event) => event.target.value && choose(work(event.target.value));
}

/** What was asked last: the answer to it may still be on its way. */
function currentQuestion() {
  const asked = question(shown.sweep, chosen, measured);
  return {
    ...asked,
    ...sidesOf(shown.comparison),
    ...Object.fromEntries(SIDES.filter((side) => chosen[side]).map((side) => [side, chosen[side]])),
  };
}

onPick("metric", (metric) => {
  const known = aggregatesOf(metrics.find((m) => m.kind === metric)).map(([name]) => name);
  return { metric, aggregate: known.includes(chosen.aggregate) ? chosen.aggregate : undefined };
});
onPick("aggregate", (aggregate) => ({ aggregate, metric: currentQuestion().metric }));
onPick("quantile", (quantile) => ({ quantile }));
for (const side of SIDES) {
  onPick(side, (field) => {
    const { rows, columns, panels } = currentQuestion();
    const sides = { rows, columns, panels };
    first = null;
    return { ...exchanged(sides, side, field, knownFields(shown.sweep, sides)), cell: undefined, kept: undefined };
  });
}
byId("cancel").onclick = async () => {
  await post(`/sweeps/${id}/cancel`).catch((error) => notice(error.message));
  refresh();
};
/** Save what a link leads to under the sweep's name. */
function onSave(link, url, ending, accept) {
  byId(link).onclick = async (event) => {
    event.preventDefault();
    const busy = event.currentTarget;
    busy.setAttribute("aria-busy", "true");
    await download(url(), `${shown.sweep?.name ?? id}.${ending}`, accept).catch((error) => notice(error.message));
    busy.removeAttribute("aria-busy");
  };
}

onSave("report", () => byId("report").href, "html", "text/html");
onSave("csv", () => `/api/v1/sweeps/${id}/comparison${shown.asked ?? ""}`, "csv", "text/csv");
onThemeChange(() => Promise.all([cell.update(true), shown.asked && drawLines()]));
const refresh = poll(update, 1);
