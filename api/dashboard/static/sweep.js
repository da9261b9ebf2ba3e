// The page of one sweep: its progress, its comparison as a live heat map, and the cell that the reader chose.

import { download, get, notice, poll, post, query } from "./api.js";
import { CellView } from "./cell.js";
import { onThemeChange } from "./colors.js";
import { byId, fillSelect, setText } from "./dom.js";
import { AGGREGATES, ago, sentence, words } from "./format.js";
import { Heatmap, scaleOf, short } from "./heatmap.js";
import { Pace, bar, legend } from "./progress.js";

const PICKERS = ["metric", "aggregate", "rows", "columns"];
const FIRST = { metric: "success", aggregate: "success_rate" }; // what is shown before the reader chooses

const id = document.querySelector("main").dataset.sweep;
const chosen = Object.fromEntries(new URLSearchParams(location.search));
const pace = new Pace();
const cell = new CellView();
const heatmap = new Heatmap(byId("heatmap"), (row, column) => choose({ cell: `${row},${column}` }));
let shown = { sweep: null, comparison: null, cell: null };
let metrics = null;
let first = null;

/** A rate has a meaning for success alone. */
function withoutRate(aggregate) {
  return aggregate === "success_rate" ? "median" : aggregate;
}

/** What the reader chose lives in the address: reloading or sharing it shows the same. */
function choose(what) {
  Object.assign(chosen, what);
  history.replaceState(null, "", location.pathname + query(chosen));
  refresh();
}

function drawHead(sweep) {
  document.title = `${sweep.name} · LTD Lab`;
  setText(byId("name"), sweep.name || sweep.id.slice(0, 8));
  setText(byId("created"), `posted ${ago(sweep.created_at)}`);
  byId("progress").replaceChildren(bar(sweep), legend(sweep));
  byId("cancel").hidden = sweep.finished;
}

/** Options of the pickers; the server's answer says what is shown when the reader chose nothing. */
function drawPickers(sweep, comparison) {
  const fields = [...Object.keys(sweep.axes), ...(sweep.seeds?.length > 1 ? ["seed"] : [])];
  const known = [...new Set([...fields, comparison.rows.field, comparison.columns.field])].map((name) => [name, sentence(name)]);
  fillSelect(byId("rows"), known, comparison.rows.field);
  fillSelect(byId("columns"), known, comparison.columns.field);
  fillSelect(byId("metric"), metrics.map((m) => [m.kind, sentence(m.kind)]), comparison.metric.name);
  fillSelect(byId("aggregate"), Object.entries(AGGREGATES), comparison.aggregate);
  setText(byId("metric-note"), metrics.find((m) => m.kind === comparison.metric.name)?.summary ?? comparison.metric.description ?? "");
}

/** The cell that is shown before the reader chooses one: the best so far, which then stays. */
function bestCell(comparison) {
  const { share } = scaleOf(comparison);
  const cells = comparison.cells.flatMap((row, i) => row.map((cell, j) => ({ at: `${i},${j}`, share: share(cell.value) ?? -1 })));
  return cells.reduce((best, cell) => (best && best.share >= cell.share ? best : cell), null)?.at ?? null;
}

async function drawCell(sweep, comparison) {
  first ??= bestCell(comparison);
  const [row, column] = (chosen.cell ?? first ?? "").split(",").map(Number);
  const at = comparison.cells[row]?.[column];
  heatmap.draw(comparison, at ? { row, column } : null);
  if (!at) return;
  const { rows, columns } = comparison;
  const covered = [rows.field, columns.field];
  const apart = [...Object.keys(sweep.axes), "seed"].filter((name) => !covered.some((c) => name === c || name.startsWith(`${c}.`)));
  const title = `${words(rows.field)} ${short(rows.values[row])}, ${words(columns.field)} ${short(columns.values[column])}`;
  await cell.show(title, at.runs ?? [], apart);
}

async function update() {
  metrics ??= (await get("/mechanisms")).metric;
  const asked = Object.fromEntries(PICKERS.map((name) => [name, chosen[name] ?? FIRST[name]]));
  const [sweep, comparison] = await Promise.all([get(`/sweeps/${id}`), get(`/sweeps/${id}/comparison${query(asked)}`)]);
  pace.add(sweep);
  setText(byId("pace"), pace.describe(sweep));
  if (sweep !== shown.sweep) drawHead(sweep);
  const changed = comparison !== shown.comparison || chosen.cell !== shown.cell;
  shown = { sweep, comparison, cell: chosen.cell };
  if (changed) {
    drawPickers(sweep, comparison);
    await drawCell(sweep, comparison);
  } else await cell.update();
  return sweep.finished;
}

for (const name of PICKERS) {
  byId(name).onchange = (event) => {
    const value = event.target.value;
    const { rows, columns } = shown.comparison;
    const other = { rows: columns.field, columns: rows.field }[name];
    const follow = {
      metric: { aggregate: value === "success" ? "success_rate" : withoutRate(shown.comparison.aggregate) },
      aggregate: value === "success_rate" ? { metric: "success" } : {},
      rows: { columns: value === other ? rows.field : columns.field, cell: undefined },
      columns: { rows: value === other ? columns.field : rows.field, cell: undefined },
    }[name];
    choose({ ...follow, [name]: value });
  };
}
byId("cancel").onclick = async () => {
  await post(`/sweeps/${id}/cancel`).catch((error) => notice(error.message));
  refresh();
};
byId("report").onclick = async (event) => {
  event.preventDefault();
  const link = event.currentTarget;
  link.setAttribute("aria-busy", "true");
  await download(link.href, `${shown.sweep?.name ?? id}.html`).catch((error) => notice(error.message));
  link.removeAttribute("aria-busy");
};
onThemeChange(() => cell.update(true));
const refresh = poll(update, 1);
