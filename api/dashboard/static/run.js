// The page of one run: what it is, how far it is, its curves, and its gradient on the way back through time.

import { get, notice, poll, post } from "./api.js";
import { arrayEntries, drawArray, stepName } from "./arrays.js";
import { curveNames, readPicture, readTrace } from "./cell.js";
import { onThemeChange } from "./colors.js";
import { drawCurves } from "./curves.js";
import { drawPicture, drawSlice, isDelta, pictureOf, rangeOf } from "./delta.js";
import { byId, el, setText } from "./dom.js";
import { clock, duration, ending, inUnit, number, sentence, setting, words } from "./format.js";

const LOGARITHMIC = new Set(["gradient_norm", "clipped_gradient_norm"]);
const id = document.querySelector("main").dataset.run;
const ORIGINS = { imported: "imported", trained: "trained here", replay: "trained again beside another run" };
const AGAIN = { waiting: "is trained again", equal: "the same to the bit when trained again" };
let shown = { run: null, step: null };
let picture = null;
let metrics = null;
let chosen = null; // index of the update in the slice; null follows the newest

function drawHead(run) {
  document.title = `Run ${run.id.slice(0, 8)} · LTD Lab`;
  setText(byId("state"), run.state);
  byId("state").className = `badge ${run.state}`;
  byId("outcome").hidden = !run.outcome;
  if (run.outcome) {
    setText(byId("outcome"), ending(run.outcome.kind));
    byId("outcome").className = `badge ${run.outcome.kind}`;
  }
  drawOrigin(run);
  const ended = ["succeeded", "failed", "cancelled"].includes(run.state);
  byId("cancel").hidden = ended;
  byId("cancel").disabled = Boolean(run.cancel_requested);
  setText(byId("cancel"), run.cancel_requested ? "Stopping …" : "Cancel run");
  const message = run.error ?? run.outcome?.message;
  setText(byId("message"), message ? `· ${message}` : "");
  const share = `${(100 * run.step) / run.updates}%`;
  byId("bar").firstElementChild.style.setProperty("--share", share);
  byId("bar").firstElementChild.className = `segment ${run.outcome?.kind ?? run.state}`;
  byId("bar").setAttribute("aria-valuenow", run.step);
  byId("bar").setAttribute("aria-valuemax", run.updates);
  setText(
    byId("steps"),
    `${number(run.step)} of ${number(run.updates)} ${run.spec.experiment === "training" ? "updates" : "steps"}`,
  );
}

/** Whose results these are, and what training them again here showed. */
function drawOrigin({ origin, replay }) {
  const differs = replay?.verdict === "different";
  const told = differs ? `different when trained again: ${replay.difference}` : replay && AGAIN[replay.verdict];
  byId("origin").hidden = origin === "trained" && !replay;
  byId("origin").className = `badge ${differs ? "failed" : ""}`;
  setText(byId("origin"), [ORIGINS[origin], told].filter(Boolean).join(", "));
}

function list(host, pairs) {
  host.replaceChildren(...pairs.flatMap(([name, value, title]) => [el("dt", { title }, name), el("dd", {}, value)]));
}

/** The specification, one line a part: its kind, then its settings. */
function drawSpecification(spec) {
  const part = ({ kind, ...rest }) =>
    [words(kind ?? ""), ...Object.entries(rest).map(([k, v]) => `${words(k)} ${setting(v, k)}`)]
      .filter(Boolean)
      .join(", ");
  list(
    byId("spec"),
    Object.entries(spec).map(([name, value]) => {
      const whole = value !== null && typeof value === "object" && !Array.isArray(value);
      return [sentence(name), whole ? part(value) : setting(value, name)];
    }),
  );
  setText(byId("json"), written(spec));
}

/** JSON in full: whole numbers beyond 2^53 are text in this page, and numbers again here. */
function written(spec) {
  return JSON.stringify(spec, null, 2).replace(/"(-?\d{16,})"/g, "$1");
}

function drawFacts(run) {
  const known = Object.fromEntries(metrics.map((m) => [m.kind, m]));
  const figures = Object.entries(run.summary ?? {}).map(([name, value]) => [
    sentence(name),
    run.absent[name] ?? figureOf(value, known[name], run.state === "succeeded"),
    known[name]?.summary,
  ]);
  list(byId("summary"), figures);
  setText(byId("summary-title"), run.state === "succeeded" ? "Summary" : `Figures so far, up to ${number(run.step)}`);
  byId("no-summary").hidden = figures.length > 0;
  const took =
    run.started_at && run.finished_at
      ? duration((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000)
      : "–";
  list(byId("events"), [
    ["Posted", clock(run.created_at)], ["Started", clock(run.started_at)], ["Finished", clock(run.finished_at)],
    ["Took", took], ...(run.attempts > 1 ? [["Attempts since it got further", number(run.attempts)]] : []),
  ]);
}

/** A metric of one run; what is a rate over many runs is a yes or no here. */
function figureOf(value, metric, succeeded) {
  if (!metric?.yes_or_no || value === null) return inUnit(value, metric?.unit);
  if (value) return "yes";
  return succeeded ? "no" : "not so far";
}

function figure(name, description) {
  const host = el("div", {
    class: "plot",
    id: `curve-${name}`,
    role: "img",
    "aria-label": `${words(name)} per update`,
  });
  return el(
    "section",
    { class: "card", data: { trace: name } },
    el("h2", {}, sentence(name)),
    el("p", { class: "muted small" }, description ?? ""),
    host,
  );
}

/** Where the probe came to a run that was on its way. */
function begins({ first_step, every }) {
  return first_step > every ? `Not recorded before update ${number(first_step)}.` : "";
}

async function drawTraces(run) {
  const { traces: catalog } = await get(`/runs/${id}/traces`);
  const names = curveNames(catalog).filter((name) => catalog.find((t) => t.name === name).points !== 0);
  const wanted = names.join();
  const host = byId("curves");
  if (host.dataset.names !== wanted) {
    host.replaceChildren(...names.map((name) => figure(name, begins(catalog.find((t) => t.name === name)))));
    host.dataset.names = wanted;
  }
  byId("no-curves").hidden = names.length > 0;
  const traces = await Promise.all(names.map((name) => readTrace(id, name)));
  traces
    .filter((t) => t.steps.length)
    .forEach((trace) => {
      drawCurves(byId(`curve-${trace.name}`), [trace], {
        log: LOGARITHMIC.has(trace.name),
        updates: run.updates,
        key: id,
        along: stepName(trace.axes),
      });
    });
  await drawArrays(catalog);
  const entry = catalog.find(isDelta);
  byId("through-time").hidden = !entry;
  if (!entry) return null;
  const trace = await readPicture(id, entry);
  if (trace.steps.length) picture = pictureOf(trace);
  return drawDelta(run);
}

/** The traces with axes of their own, one picture each. */
async function drawArrays(catalog) {
  const entries = arrayEntries(catalog);
  const host = byId("arrays");
  const wanted = entries.map((entry) => entry.name).join();
  if (host.dataset.names !== wanted) {
    host.replaceChildren(...entries.map((entry) => figure(entry.name, `${entry.description} ${begins(entry)}`)));
    host.dataset.names = wanted;
  }
  byId("arrays-title").hidden = entries.length === 0;
  const traces = await Promise.all(entries.map((entry) => readPicture(id, entry)));
  traces.filter((t) => t.steps.length).forEach((trace) => drawArray(byId(`curve-${trace.name}`), trace, id));
}

function drawDelta(run) {
  if (!picture) return;
  const last = picture.steps.length - 1;
  const index = Math.min(chosen ?? last, last);
  const slider = byId("slice-step");
  Object.assign(slider, { max: String(last), value: String(index), disabled: false });
  const range = rangeOf([picture]);
  const host = byId("delta");
  drawPicture(host, picture, { range, updates: run.updates, chosen: picture.steps[index], key: id });
  const factor = drawSlice(byId("slice"), picture, index, { range, key: id });
  setText(byId("slice-label"), `update ${number(Math.round(picture.steps[index]))}`);
  setText(byId("slice-note"), factor === null ? "" : sliceNote(factor));
  if (!host.dataset.listening) {
    host.dataset.listening = "yes";
    host.on("plotly_click", ({ points: [point] }) => pick(nearest(picture.steps, point.x)));
  }
}

function sliceNote(factor) {
  if (factor === 0) return "Here the gradient is exactly zero at the earliest time step.";
  const way = factor < 1 ? "shrinks" : "grows";
  return `Here the gradient ${way} by a factor of ${factor.toFixed(3)} per step back in time.`;
}

function nearest(steps, x) {
  return steps.reduce((best, step, i) => (Math.abs(step - x) < Math.abs(steps[best] - x) ? i : best), 0);
}

function pick(index) {
  chosen = index === picture.steps.length - 1 ? null : index;
  drawDelta(shown.run);
}

async function update() {
  metrics ??= (await get("/mechanisms")).metric;
  const run = await get(`/runs/${id}`);
  const ended = ["succeeded", "failed", "cancelled"].includes(run.state);
  if (run === shown.run) return ended;
  if (!shown.run) drawSpecification(run.spec);
  drawHead(run);
  drawFacts(run);
  if (run.step > 0 && run.step !== shown.step) await drawTraces(run);
  shown = { run, step: run.step };
  return ended;
}

byId("slice-step").oninput = (event) => pick(Number(event.target.value));
byId("cancel").onclick = async () => {
  await post(`/runs/${id}/cancel`).catch((error) => notice(error.message));
  refresh();
};
onThemeChange(() => shown.run && drawTraces(shown.run));
const refresh = poll(update, 1);
