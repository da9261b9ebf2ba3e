// Any runs side by side: what differs between them, their curves on one axis each, their gradients through time.

import { download, get, poll, query } from "./api.js";
import { onThemeChange } from "./colors.js";
import { drawDeltas } from "./deltas.js";
import { byId, el, setText } from "./dom.js";
import { ENDED, count, ending, inUnit, number, sentence, setting } from "./format.js";
import { exported, show } from "./plot.js";

const FIRST = 4; // pictures drawn before the reader chooses
const WAIT = 250; // milliseconds after which a zoom has ended
const STEPS = ["update", "step"]; // axes along which pictures are zoomed together

const asked = new URLSearchParams(location.search);
const ids = (asked.get("runs") ?? "").split(",").filter(Boolean);
const REMEMBERED = ["runs", "pictures", "from", "to"];
let metrics = null;
let first = null; // the answer that names pictures and groups
let runs = null;
let drawn = "";
let timer = 0;

function address(picture) {
  const part = { from: asked.get("from"), to: asked.get("to") };
  return `/pictures${query({ runs: ids.join(), picture, ...part })}`;
}

function pictured() {
  const names = asked.get("pictures")?.split(",") ?? [];
  const known = first.known.map(({ name }) => name);
  const chosen = known.filter((name) => names.includes(name));
  return chosen.length ? chosen : known.slice(0, FIRST);
}

/** Pictures and zoom live in the address. */
function choose(what) {
  for (const [name, value] of Object.entries(what)) {
    if (value) asked.set(name, value);
    else asked.delete(name);
  }
  const kept = Object.fromEntries(REMEMBERED.map((name) => [name, asked.get(name)]));
  history.replaceState(null, "", location.pathname + query(kept));
  drawn = "";
  refresh();
}

/** A group's runs of a metric: one value, or the lowest and highest of those that have one. */
function valuesOf(group, { kind, unit, yes_or_no: yesOrNo }) {
  const values = runs.filter(({ id }) => group.runs.includes(id)).map(({ summary }) => summary?.[kind] ?? null);
  const there = values.filter((value) => value !== null);
  if (!there.length) return "–";
  const of = there.length < values.length ? ` (${there.length} of ${values.length} runs)` : "";
  if (yesOrNo) return `${there.filter(Boolean).length} of ${there.length}${there.length < values.length ? of : ""}`;
  const [low, high] = [Math.min(...there), Math.max(...there)].map((value) => inUnit(value, unit));
  return (low === high ? low : `${low} to ${high}`) + of;
}

function stateOf(group) {
  const kinds = runs
    .filter(({ id }) => group.runs.includes(id))
    .map(({ outcome, state, spec }) => ending(outcome?.kind ?? state, spec.experiment));
  const tally = [...new Set(kinds)].map((kind) => [kind, kinds.filter((other) => other === kind).length]);
  return tally.map(([kind, k]) => (kinds.length > 1 ? `${number(k)} ${kind}` : kind)).join(", ");
}

function drawApart({ groups, apart }) {
  const links = ({ runs: its }) =>
    its.flatMap((id, i) => [i ? " " : "", el("a", { href: `/runs/${id}`, class: "id" }, id.slice(0, 8))]);
  const line = (name, texts) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      texts.map((text) => el("td", {}, text)),
    );
  const measured = metrics.filter(({ kind }) => runs.some(({ summary }) => (summary?.[kind] ?? null) !== null));
  byId("apart").replaceChildren(
    el("caption", { class: "hidden" }, "Settings that differ, and results"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Setting"),
        groups.map(({ label }) => el("th", { scope: "col" }, label)),
      ),
    ),
    el(
      "tbody",
      {},
      Object.entries(apart).map(([name, values]) =>
        line(
          sentence(name),
          values.map((value) => setting(value, name)),
        ),
      ),
      line("Runs", groups.map(links)),
      line("Ended", groups.map(stateOf)),
      measured.map((metric) =>
        line(
          sentence(metric.kind),
          groups.map((group) => valuesOf(group, metric)),
        ),
      ),
    ),
  );
  setText(
    byId("same"),
    Object.keys(apart).length ? "All other settings are the same." : "They differ in their seed alone.",
  );
  setText(byId("count"), `${count(ids.length, "run")} of ${count(groups.length, "setting")}`);
  byId("sides").hidden = false;
}

function drawKnown() {
  const shown = pictured();
  byId("known").replaceChildren(
    ...first.known.map(({ name, title }) => {
      const box = el("input", { type: "checkbox", onchange: () => toggle(name) });
      box.checked = shown.includes(name);
      return el("label", {}, box, ` ${title}`);
    }),
  );
  byId("shown-row").hidden = !first.known.length;
  byId("whole").hidden = !asked.get("from");
}

function toggle(name) {
  const now = pictured();
  choose({ pictures: (now.includes(name) ? now.filter((other) => other !== name) : [...now, name]).join() });
}

function card(name) {
  const plot = el("div", { class: "plot", role: "figure" });
  const tool = (kind, onclick) =>
    el("button", { type: "button", class: "tool", title: `Download as ${kind}`, onclick }, kind);
  const file = (ending) => `compare-${name}.${ending}`;
  const section = el(
    "section",
    { class: "card picture", data: { picture: name } },
    el("h2", {}),
    el("p", { class: "caption muted" }),
    plot,
    el(
      "p",
      { class: "tools" },
      tool("PNG", () => exported(plot, section.figure, file("png"))),
      tool("SVG", () => exported(plot, section.figure, file("svg"))),
      tool("CSV", () => download(`/api/v1${address(name)}`, file("csv"), "text/csv")),
    ),
  );
  return section;
}

async function drawOverlays() {
  const names = pictured();
  const host = byId("overlays");
  if (host.dataset.names !== names.join()) {
    host.replaceChildren(...names.map(card));
    host.dataset.names = names.join();
  }
  await Promise.all(
    names.map(async (name, i) => {
      const {
        pictures: [figure],
      } = await get(address(name));
      const section = host.children[i];
      if (!figure || section?.dataset.picture !== name) return;
      const [heading, caption, plot] = section.children;
      section.figure = figure;
      setText(heading, figure.title);
      setText(caption, figure.caption);
      plot.setAttribute("aria-label", figure.title);
      const stepped = STEPS.includes(figure.layout.xaxis.title.text);
      const zoom = stepped && asked.get("from") ? [Number(asked.get("from")), Number(asked.get("to"))] : null;
      if (zoom) figure.layout.xaxis.range = zoom;
      await show(plot, figure, `${name}${zoom}`);
      if (stepped && !section.dataset.follows) follow(section, plot);
    }),
  );
}

/** Zoom every picture along the updates together, with finer points. */
function follow(section, plot) {
  section.dataset.follows = "yes";
  plot.on("plotly_relayout", (change) => {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from === undefined && !change["xaxis.autorange"]) return;
    clearTimeout(timer);
    const whole = from === undefined;
    timer = setTimeout(
      () =>
        choose({
          from: whole ? "" : String(Math.max(1, Math.floor(from))),
          to: whole ? "" : String(Math.max(1, Math.ceil(to))),
        }),
      WAIT,
    );
  });
}

async function update() {
  byId("none").hidden = ids.length > 0;
  if (!ids.length) return true;
  metrics ??= (await get("/mechanisms")).metric;
  runs = (await get(`/runs${query({ ids: ids.join() })}`)).runs;
  const state = `${runs.map(({ state: its, step }) => `${its}${step}`)}${location.search}`;
  if (state !== drawn) {
    first = await get(address());
    drawn = state;
    drawApart(first);
    drawKnown();
    await drawOverlays();
    await drawDeltas(first.groups);
  }
  return runs.every((run) => ENDED.includes(run.state));
}

byId("whole").onclick = () => choose({ from: "", to: "" });
onThemeChange(() => {
  drawn = "";
  refresh();
});
const refresh = poll(update, 2);
