// The page of one run: what it is, how far it is, and what it shows.

import { get, notice, poll, post } from "./api.js";
import { onThemeChange } from "./colors.js";
import { byId, el, setText } from "./dom.js";
import { ENDED, clock, duration, ending, inUnit, number, sentence, setting, titleOf, words } from "./format.js";
import { drawPictures } from "./pictures.js";

const FIRST = 2; // pictures above the facts
const id = document.querySelector("main").dataset.run;
const ORIGINS = { imported: "imported", trained: "trained here", replay: "trained again beside another run" };
const AGAIN = { waiting: "is trained again", equal: "the same to the bit when trained again" };
let shown = { run: null, step: null };
let metrics = null;

function ended({ state }) {
  return ENDED.includes(state);
}

function drawHead(run) {
  document.title = `${titleOf(run.spec)} · ${run.id.slice(0, 8)} · LTD Lab`;
  setText(byId("title"), titleOf(run.spec));
  setText(byId("state"), run.state);
  byId("state").className = `badge ${run.state}`;
  byId("outcome").hidden = !run.outcome;
  if (run.outcome) {
    setText(byId("outcome"), ending(run.outcome.kind, run.spec.experiment));
    byId("outcome").className = `badge ${run.outcome.kind}`;
  }
  drawOrigin(run);
  byId("cancel").hidden = ended(run);
  byId("cancel").disabled = Boolean(run.cancel_requested);
  setText(byId("cancel"), run.cancel_requested ? "Stopping …" : "Cancel run");
  const message = run.error ?? run.outcome?.message;
  setText(byId("message"), message ? `· ${message}` : "");
  const [segment] = byId("bar").children;
  segment.style.setProperty("--share", `${(100 * run.step) / run.updates}%`);
  segment.className = `segment ${run.outcome?.kind ?? run.state}`;
  byId("bar").setAttribute("aria-valuenow", run.step);
  byId("bar").setAttribute("aria-valuemax", run.updates);
  const steps = run.spec.experiment === "training" ? "updates" : "steps";
  setText(byId("steps"), `${number(run.step)} of ${number(run.updates)} ${steps}`);
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
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000; // NaN before it has ended
  list(byId("events"), [
    ["Posted", clock(run.created_at)], ["Started", clock(run.started_at)], ["Finished", clock(run.finished_at)],
    ["Took", duration(seconds)], ...(run.attempts > 1 ? [["Attempts since it got further", number(run.attempts)]] : []),
  ]);
}

/** A metric of one run; what is a rate over many runs is a yes or no here. */
function figureOf(value, metric, succeeded) {
  if (!metric?.yes_or_no || value === null) return inUnit(value, metric?.unit);
  if (value) return "yes";
  return succeeded ? "no" : "not so far";
}

/** Draw what the run shows: the answer to its question above its facts, everything else below. */
async function drawAll() {
  const { pictures } = await get(`/runs/${id}/pictures`);
  drawPictures(byId("shown"), pictures.slice(0, FIRST), id);
  drawPictures(byId("pictures"), pictures.slice(FIRST), id);
  byId("more").hidden = pictures.length <= FIRST;
  byId("no-pictures").hidden = pictures.length > 0;
}

function waiting(run) {
  if (!ended(run)) return "Waiting for the first points.";
  return run.error ? "The run failed before its first points." : "The run ended without points.";
}

async function update() {
  metrics ??= (await get("/mechanisms")).metric;
  const run = await get(`/runs/${id}`);
  if (run === shown.run) return ended(run);
  if (!shown.run) drawSpecification(run.spec);
  drawHead(run);
  drawFacts(run);
  setText(byId("no-pictures"), waiting(run));
  if (run.step > 0 && run.step !== shown.step) await drawAll();
  shown = { run, step: run.step };
  return ended(run);
}

byId("cancel").onclick = async () => {
  await post(`/runs/${id}/cancel`).catch((error) => notice(error.message));
  refresh();
};
onThemeChange(() => shown.step && drawAll());
const refresh = poll(update, 1);
