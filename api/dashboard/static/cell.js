// One cell of a comparison: a picture of its runs, the gradient through time of one of them, and their table.

import { get, query } from "./api.js";
import { byId, el, fillSelect, setText } from "./dom.js";
import { ending, field, inUnit, number, originOf, sentence, setting, words } from "./format.js";
import { clear, show } from "./plot.js";

const MOST_RUNS = 50;
const PICTURE_SECONDS = 3;
const COLUMNS = 300; // of the gradient through time
const FIGURES = { updates_to_success: "Solved after" };
const DELTAS = ["delta_log_norm", "delta_norm"]; // the latter of former releases

export class CellView {
  /** `picture` and `run` are what a link names; `remember` is told what the reader chooses instead. */
  constructor({ picture, run }, remember) {
    Object.assign(this, { picture, run, remember });
    byId("picture").onchange = (event) => this.change({ picture: event.target.value });
    byId("delta-run").onchange = (event) => this.change({ run: event.target.value });
  }

  change(what) {
    Object.assign(this, what);
    this.remember(what);
    this.update(true);
  }

  /**
   * Show a cell: `heading`, its run ids, the sweep's axes that tell its runs apart, the metric that is compared, and
   * the address of its pictures.
   */
  async show(heading, ids, apart, metric, address) {
    byId("cell").classList.remove("unchosen");
    byId("cell-title").textContent = heading;
    const other = ids[0] !== this.ids?.[0] || metric.name !== this.metric?.name || address !== this.address;
    Object.assign(this, { ids: ids.slice(0, MOST_RUNS), all: ids.length, axes: apart, metric, address });
    if (other && this.runs) this.run = null;
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
    if (stepped && due) await Promise.all([this.curves(), this.gradient()]);
  }

  label(run) {
    return this.apart.map((name) => `${words(name)} ${setting(field(run.spec, name), name)}`).join(", ");
  }

  async curves() {
    const host = byId("curves");
    if (!this.runs.some((run) => run.step > 0)) return blank(host, "No run of this cell has started yet.");
    const [ids, picture] = [this.ids, this.picture];
    const { pictures: [figure], known } = await get(`${this.address}${picture ? `&picture=${picture}` : ""}`);
    if (ids !== this.ids || picture !== this.picture) return null;
    if (!figure) return blank(host, known.length ? "Waiting for the first points." : "These runs have no curves.");
    fillSelect(byId("picture"), known.map(({ name, title }) => [name, title]), figure.name);
    setText(byId("curves-note"), figure.caption);
    return show(host, figure, `${ids[0]}${figure.name}`);
  }

  async gradient() {
    const started = this.runs.filter((run) => run.step > 0);
    const host = byId("delta");
    if (!started.length) return blank(host, "No run of this cell has started yet.");
    const run = started.find(({ id }) => id === this.run) ?? started[0];
    fillSelect(byId("delta-run"), started.map((r) => [r.id, this.label(r) || r.id.slice(0, 8)]), run.id);
    const { traces } = await get(`/runs/${run.id}/traces`);
    const names = traces.map(({ name }) => name).find((name) => DELTAS.includes(name));
    byId("main").classList.toggle("no-delta", !names);
    if (!names) return blank(host, "These runs trace no gradient through time.");
    const { pictures: [figure] } = await get(`/runs/${run.id}/pictures${query({ names, max_points: COLUMNS })}`);
    return this.runs.some(({ id }) => id === run.id) ? show(host, figure, run.id) : null;
  }

  table() {
    const { name, unit } = this.metric;
    const units = { [name]: unit, updates_to_success: "updates", evaluation_error: "share" };
    const figures = Object.entries(units).filter(
      ([key]) => key !== "success" && this.runs.some((run) => (run.summary?.[key] ?? null) !== null),
    );
    const measured = figures.map(([key]) => FIGURES[key] ?? sentence(key));
    const head = ["Run", ...this.apart.map(sentence), "State", "Origin", "Updates", ...measured];
    const rows = this.runs.map((run) => {
      const kind = run.outcome?.kind ?? run.state;
      const cells = [
        el("a", { href: `/runs/${run.id}`, class: "id" }, run.id.slice(0, 8)),
        ...this.apart.map((name) => setting(field(run.spec, name), name)),
        el("span", { class: `badge ${kind}` }, ending(kind)),
        originOf(run),
        `${number(run.step)} of ${number(run.updates)}`,
        ...figures.map(([key, its]) => soFar(inUnit(run.summary?.[key], its), run)),
      ];
      return el("tr", {}, cells.map((cell) => el("td", {}, cell)));
    });
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
function blank(host, text) {
  clear(host);
  host.classList.add("empty");
  host.textContent = text;
  return null;
}
