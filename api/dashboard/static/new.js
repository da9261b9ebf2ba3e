// The page of a new experiment: a form and its JSON, each of which changes the other, checked by the server as it is
// typed. The JSON is what is posted; it lives in the address, so that a reload or a link shows the same.

import { Problem, get, notice, parsed, post } from "./api.js";
import { byId, el, fillSelect, setText } from "./dom.js";
import { Form, valueAt, withValue } from "./form.js";
import { count, duration, number, sentence, words } from "./format.js";

const WAIT = 250; // milliseconds after the last key
const BEGIN = {
  problem: { kind: "temporal_order", length: [10, 20] },
  cell: { kind: "rnn", hidden_size: 20 },
  initialization: { kind: "spectral", radius: 1.2 },
  clipping: { kind: "norm", threshold: 0.3 },
  optimizer: { kind: "sgd", lr: 0.3 },
  updates: 2000,
};

let schemas = null; // experiment -> {summary, settings}
let spec = BEGIN;
let axes = {}; // path -> values as text
let seeds = "";
let timer = 0;
let asked = 0; // the number of the last question: answers to those before are dropped
const form = new Form(byId("form"), change, vary);

/** A list of JSON values without its brackets; words that are no JSON are text. */
function listOf(text) {
  try {
    return parsed(`[${text}]`);
  } catch {
    return text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean);
  }
}

/** The body to post: a run, or a sweep where something is compared. */
function body() {
  const given = seeds.trim() ? listOf(seeds) : [];
  if (!Object.keys(axes).length && given.length < 2) return { ...spec, ...(given.length ? { seed: given[0] } : {}) };
  const lists = Object.fromEntries(Object.entries(axes).map(([path, text]) => [path, listOf(text)]));
  const name = byId("name").value.trim();
  return { ...(name && { name }), base: spec, axes: lists, ...(given.length && { seeds: given }) };
}

/** Take a run or a sweep apart into the parts of the form. */
function take(value) {
  const sweep = "base" in value;
  const { seed, ...base } = sweep ? (value.base ?? {}) : value;
  spec = base;
  axes = Object.fromEntries(
    Object.entries(value.axes ?? {}).map(([path, values]) => [path, written(values).slice(1, -1)]),
  );
  const given = sweep ? (value.seeds ?? (seed === undefined ? [] : [seed])) : seed === undefined ? [] : [seed];
  seeds = given.join(", ");
  byId("name").value = value.name ?? "";
}

/** JSON text; whole numbers beyond 2^53 are text in this page, and numbers again here. */
function written(value, indent) {
  return JSON.stringify(value, null, indent).replace(/"(-?\d{16,})"/g, "$1");
}

function schema() {
  return schemas[spec.experiment ?? "training"] ?? schemas.training;
}

function change(path, value) {
  const former = valueAt(spec, path);
  spec = withValue(spec, path, value);
  const structural = value?.kind !== undefined && former?.kind !== value.kind;
  if (structural) axes = Object.fromEntries(Object.entries(axes).filter(([axis]) => !axis.startsWith(`${path}.`)));
  fromForm(structural);
}

/** Compare several values of a field, or take the first of them alone again. */
function vary(path) {
  if (path in axes) {
    const [first] = listOf(axes[path]);
    delete axes[path];
    spec = withValue(spec, path, first);
  } else {
    const property = path.split(".").reduce((its, key) => its?.[key], schema().example);
    const now = valueAt(spec, path) ?? property;
    spec = withValue(spec, path, undefined);
    axes = { ...axes, [path]: written([now ?? null]).slice(1, -1) };
  }
  fromForm(true);
}

function drawAxes() {
  byId("varied").hidden = !Object.keys(axes).length;
  const focused = document.activeElement?.dataset?.axis;
  byId("axes").replaceChildren(
    ...Object.entries(axes).map(([path, text]) => {
      const input = el("input", {
        type: "text",
        value: text,
        data: { axis: path },
        autocomplete: "off",
        oninput: (event) => {
          axes[path] = event.target.value;
          fromForm(false);
        },
      });
      return el(
        "div",
        { class: "axis" },
        el("label", {}, sentence(words(path)), input),
        el("button", { type: "button", class: "tool", onclick: () => vary(path) }, "One value"),
      );
    }),
  );
  if (focused)
    byId("axes")
      .querySelector(`[data-axis="${CSS.escape(focused)}"]`)
      ?.focus();
}

/** Draw all that follows from the form; its own fields only where others are there now. */
function fromForm(structural) {
  byId("json").value = written(body(), 2);
  if (structural) drawForm();
  follow();
}

function drawForm() {
  fillSelect(
    byId("experiment"),
    Object.keys(schemas).map((kind) => [kind, sentence(kind)]),
    spec.experiment ?? "training",
  );
  setText(byId("summary"), schema().summary);
  form.draw(schema().settings, spec, Object.keys(axes));
  drawAxes();
  if (document.activeElement !== byId("seeds")) byId("seeds").value = seeds;
}

function fromJson() {
  try {
    take(parsed(byId("json").value));
  } catch (error) {
    return tell([{ field: "", message: `is not JSON: ${error.message}` }]);
  }
  drawForm();
  follow();
  return null;
}

/** What follows from the JSON text: the address, the commands, and the server's word on it. */
function follow() {
  const text = byId("json").value;
  history.replaceState(null, "", `${location.pathname}#${encodeURIComponent(text)}`);
  const swept = "base" in parsed(text);
  const short = written(parsed(text)).replaceAll("'", "'\\''");
  const path = swept ? "sweeps" : "runs";
  setText(byId("ltd"), `echo '${short}' | ltd ${swept ? "sweep" : "run"} - --watch --server ${location.origin}`);
  setText(byId("curl"), `curl ${location.origin}/api/v1/${path} -H 'Content-Type: application/json' -d '${short}'`);
  setText(byId("start"), swept ? "Run the sweep" : "Run");
  byId("start").disabled = true;
  clearTimeout(timer);
  timer = setTimeout(() => estimate(text, path), WAIT);
}

async function estimate(text, path) {
  const mine = ++asked;
  try {
    const { runs, cost, errors } = await post(`/${path}/estimate`, text);
    if (mine !== asked) return;
    tell(errors);
    byId("start").disabled = !cost;
    setText(
      byId("estimate"),
      cost
        ? [
            count(runs, "run"),
            `about ${duration(cost.hours * 3600)} of one core`,
            `at most ${bytes(cost.bytes)} of traces`,
          ].join(" · ")
        : "",
    );
  } catch (error) {
    if (mine !== asked) return;
    setText(byId("estimate"), "");
    tell([{ field: "", message: error instanceof Problem ? error.message : "The server does not answer." }]);
  }
}

function bytes(n) {
  const units = ["B", "kB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(n, 1)) / 3)));
  return `${number(Number((n / 1000 ** step).toPrecision(2)))} ${units[step]}`;
}

/** Say what is wrong: in words below the JSON, and at the fields. */
function tell(errors) {
  byId("faults").replaceChildren(
    ...errors.map(({ field, message }) => el("li", {}, field ? el("strong", {}, `${words(field)} `) : null, message)),
  );
  const wrong = errors.map(({ field }) => field.replace(/^base\./, ""));
  for (const input of document.querySelectorAll("#form [data-path]")) {
    input.toggleAttribute(
      "aria-invalid",
      wrong.some(
        (field) =>
          field === input.dataset.path || (field.startsWith(`${input.dataset.path}.`) && input.tagName === "INPUT"),
      ),
    );
  }
}

async function start() {
  byId("start").disabled = true;
  const text = byId("json").value;
  const path = "base" in parsed(text) ? "sweeps" : "runs";
  try {
    const { id } = await post(`/${path}`, text);
    location.assign(`/${path}/${id}`);
  } catch (error) {
    notice(error.message);
    byId("start").disabled = false;
  }
}

/** What the page begins with: the address's JSON, a run or sweep that it names, or a run that learns in seconds. */
async function beginning() {
  if (location.hash.length > 1) return parsed(decodeURIComponent(location.hash.slice(1)));
  const named = new URLSearchParams(location.search);
  if (named.get("run")) return (await get(`/runs/${named.get("run")}`)).spec;
  if (named.get("sweep")) {
    const { name, base, axes: its, seeds: given } = await get(`/sweeps/${named.get("sweep")}`);
    return { name, base, axes: its, seeds: given };
  }
  return BEGIN;
}

async function begin() {
  schemas = Object.fromEntries((await get("/mechanisms")).experiment.map((entry) => [entry.kind, entry]));
  take(await beginning());
  byId("json").value = written(body(), 2);
  drawForm();
  follow();
}

byId("json").oninput = fromJson;
byId("experiment").onchange = (event) => {
  const kind = event.target.value;
  take(kind === "training" ? BEGIN : { experiment: kind });
  fromForm(true);
};
for (const name of ["name", "seeds"]) {
  byId(name).oninput = () => {
    seeds = byId("seeds").value;
    fromForm(false);
  };
}
byId("start").onclick = start;
begin().catch((error) => notice(error.message));
