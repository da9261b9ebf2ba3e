// One cell of a comparison: the curves of its runs, the gradient through time of one of them, and their table.

import { get, query } from "./api.js";
import { stepName } from "./arrays.js";
import { drawCurves } from "./curves.js";
import { drawPicture, isDelta, pictureOf } from "./delta.js";
import { byId, el, fillSelect } from "./dom.js";
import { count, ending, field, inUnit, number, sentence, setting, words } from "./format.js";
import { clear } from "./plot.js";

export const MOST_RUNS = 50;
const MOST_POINTS = 4000;
const PICTURE_NUMBERS = 160_000;
const PICTURE_SECONDS = 3;
const FIGURES = { updates_to_success: "Solved after" };

/** Traces along the step axis alone can be drawn as curves. */
export function curveNames(catalog) {
  return catalog.filter((t) => t.axes.length === 1).map((t) => t.name);
}

/** As many points as one picture may cost in numbers on their way here. */
function picturePoints(entry) {
  return Math.max(16, Math.min(MOST_POINTS, Math.floor(PICTURE_NUMBERS / (entry.size?.[0] ?? 1))));
}

/** A curve, with what is needed of its cells. */
export function readTrace(run, name) {
  return get(
    `/runs/${run}/traces/${name}${query({ max_points: MOST_POINTS, figures: "minimum,maximum,mean,nonfinite" })}`,
  );
}

/** A trace with an axis beside its steps, for a picture of means. */
export function readPicture(run, entry) {
  return get(`/runs/${run}/traces/${entry.name}${query({ max_points: picturePoints(entry), figures: "mean" })}`);
}

export class CellView {
  trace = "loss";
  log = false;
  run = null;

  constructor() {
    byId("trace").onchange = (event) => this.change({ trace: event.target.value });
    byId("log").onchange = (event) => this.change({ log: event.target.checked });
    byId("delta-run").onchange = (event) => this.change({ run: event.target.value });
  }

  change(what) {
    Object.assign(this, what);
    this.update(true);
  }

  /**
   * Show a cell: `heading`, its run ids, the sweep's axes that tell its runs apart, and the metric that is
   * compared.
   */
  async show(heading, ids, apart, metric) {
    byId("cell").classList.remove("unchosen");
    byId("cell-title").textContent = heading;
    const other = ids[0] !== this.ids?.[0] || metric.name !== this.metric?.name;
    Object.assign(this, { ids: ids.slice(0, MOST_RUNS), all: ids.length, axes: apart, metric });
    if (other) this.run = null;
    await this.update(other);
  }

  /** Fetch what has changed and draw it; `now` draws even when nothing has. */
  async update(now = false) {
    if (!this.ids?.length) return;
    const ids = this.ids;
    const { runs } = await get(`/runs${query({ ids: ids.join() })}`);
    if (ids !== this.ids || (!now && runs === this.runs)) return;
    const stepped = now || runs.some((run, i) => run.step !== this.runs?.[i]?.step);
    this.runs = runs;
    this.apart = this.axes.filter((name) => name === "seed" || runs.some((run) => !same(run, runs[0], name)));
    this.table();
    const due = now || Date.now() - this.drawn > PICTURE_SECONDS * 1000 || runs.every((run) => run.outcome);
    if (due) this.drawn = Date.now();
    if (stepped) await Promise.all([this.curves(), due ? this.picture() : null]);
  }

  label(run) {
    return this.apart.map((name) => `${words(name)} ${setting(field(run.spec, name), name)}`).join(", ");
  }

  async curves() {
    const started = this.runs.filter((run) => run.step > 0);
    const host = byId("curves");
    if (!started.length) return blank(host, "No run of this cell has started yet.");
    const { traces: catalog } = await get(`/runs/${started[0].id}/traces`);
    const names = curveNames(catalog);
    if (!names.length) return blank(host, "Waiting for the first points.");
    if (!names.includes(this.trace)) this.trace = names[0];
    fillSelect(byId("trace"), names.map((name) => [name, sentence(name)]), this.trace);
    const [ids, name] = [this.ids, this.trace];
    const answers = await Promise.allSettled(started.map((run) => readTrace(run.id, name)));
    const traces = answers.filter((a) => a.status === "fulfilled" && a.value.steps.length).map((a) => a.value);
    if (ids !== this.ids || name !== this.trace) return null;
    if (!traces.length) return blank(host, "Waiting for the first points.");
    const updates = Math.max(...this.runs.map((run) => run.updates));
    byId("curves-note").textContent =
      `${count(traces.length, "run")}: median, the middle 80 %, extremes as dots, a ring where a run ends early`;
    return drawCurves(host, traces, { log: this.log, updates, key: ids[0], along: stepName(traces[0].axes) });
  }

  async picture() {
    const started = this.runs.filter((run) => run.step > 0);
    const host = byId("delta");
    if (!started.length) return blank(host, "No run of this cell has started yet.");
    const run = started.find(({ id }) => id === this.run) ?? started[0];
    fillSelect(byId("delta-run"), started.map((r) => [r.id, this.label(r) || r.id.slice(0, 8)]), run.id);
    const { traces: catalog } = await get(`/runs/${run.id}/traces`);
    const entry = catalog.find(isDelta);
    byId("main").classList.toggle("no-delta", !entry);
    if (!entry) return blank(host, "These runs trace no gradient through time.");
    const trace = await readPicture(run.id, entry);
    if (this.runs.every(({ id }) => id !== run.id) || !trace.steps.length) return null;
    return drawPicture(host, pictureOf(trace), { updates: run.updates, key: run.id });
  }

  table() {
    const { name, unit } = this.metric;
    const units = { [name]: unit, updates_to_success: "updates", evaluation_error: "share" };
    const figures = Object.entries(units).filter(
      ([key]) => key !== "success" && this.runs.some((run) => (run.summary?.[key] ?? null) !== null),
    );
    const head = [
      "Run",
      ...this.apart.map(sentence),
      "State",
      "Updates",
      ...figures.map(([key]) => FIGURES[key] ?? sentence(key)),
    ];
    const rows = this.runs.map((run) =>
      el(
        "tr",
        {},
        el("td", {}, el("a", { href: `/runs/${run.id}`, class: "id" }, run.id.slice(0, 8))),
        ...this.apart.map((name) => el("td", {}, setting(field(run.spec, name), name))),
        el(
          "td",
          {},
          el("span", { class: `badge ${run.outcome?.kind ?? run.state}` }, ending(run.outcome?.kind ?? run.state)),
        ),
        el("td", {}, `${number(run.step)} of ${number(run.updates)}`),
        ...figures.map(([key, its]) => el("td", {}, soFar(inUnit(run.summary?.[key], its), run))),
      ),
    );
    const rest = this.all > this.ids.length ? `The first ${this.ids.length} of ${this.all} runs.` : "";
    byId("runs").replaceChildren(
      el("caption", { class: rest ? "muted" : "hidden" }, rest || "Runs of this cell"),
      el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows));
  }
}

/** A figure of a run that has not succeeded is one of its way there. */
function soFar(text, { state }) {
  return state === "succeeded" || text === "–" ? text : `${text} so far`;
}

function same(a, b, name) {
  return JSON.stringify(field(a.spec, name)) === JSON.stringify(field(b.spec, name));
}

/** Say why there is no picture, in its place. */
export function blank(host, text) {
  clear(host);
  host.classList.add("empty");
  host.textContent = text;
  return null;
}
