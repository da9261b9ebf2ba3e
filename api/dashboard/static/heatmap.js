// The comparison as a table whose cells are buttons: printed values, colors by value, readable without colors and with the keyboard.

import { VIRIDIS, colorAt, css, ink } from "./colors.js";
import { el, setText } from "./dom.js";
import { compared, count, number, percent, words } from "./format.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Draws into `host`; `onpick(row, column)` is called for a click. */
export class Heatmap {
  constructor(host, onpick) {
    this.host = host;
    this.onpick = onpick;
    this.tip = el("div", { class: "tip", role: "tooltip", hidden: true });
    this.buttons = [];
  }

  draw(comparison, chosen) {
    this.build(comparison);
    const scale = scaleOf(comparison);
    comparison.cells.forEach((row, i) =>
      row.forEach((cell, j) => this.paint(this.buttons[i][j], cell, scale, chosen?.row === i && chosen?.column === j)),
    );
    this.comparison = comparison;
    drawLegend(this.legend, comparison, scale);
    if (this.shown) this.show(...this.shown);
  }

  /** Make the table anew only when its rows or columns are others than before: focus and place stay. */
  build({ rows, columns }) {
    const signature = JSON.stringify([rows, columns]);
    if (signature === this.signature) return;
    this.signature = signature;
    this.buttons = rows.values.map((_, i) => columns.values.map((__, j) => this.button(i, j)));
    const head = el("tr", {}, el("td", { class: "corner" }), ...columns.values.map((v) => el("th", { scope: "col" }, short(v))));
    const body = rows.values.map((v, i) =>
      el("tr", {}, el("th", { scope: "row" }, short(v)), ...this.buttons[i].map((b) => el("td", {}, b))),
    );
    const table = el("table", { class: "heat" }, el("caption", { class: "hidden" }, "Comparison"), el("thead", {}, head), el("tbody", {}, body));
    this.legend = el("div", { class: "legend" });
    this.host.replaceChildren(
      el("div", { class: "axis-x" }, words(columns.field)),
      el("div", { class: "axis-y" }, el("span", {}, words(rows.field))),
      el("div", { class: "heat-scroll" }, table),
      this.legend,
      this.tip,
    );
  }

  button(i, j) {
    const parts = [el("span", { class: "value" }), el("span", { class: "note" })];
    return el("button", {
      class: "cell", type: "button", tabindex: i || j ? -1 : 0,
      onclick: () => this.onpick(i, j),
      onkeydown: (event) => this.move(event, i, j),
      onmouseenter: () => this.show(i, j), onmouseleave: () => this.hide(),
      onfocus: () => this.show(i, j), onblur: () => this.hide(),
    }, ...parts);
  }

  paint(button, cell, scale, chosen) {
    const share = scale.share(cell.value);
    const rgb = share === null ? null : colorAt(VIRIDIS, share);
    button.classList.toggle("blank", rgb === null);
    button.style.setProperty("--cell", rgb ? css(rgb) : "transparent");
    button.style.setProperty("--ink", rgb ? ink(rgb) : "var(--muted)");
    button.setAttribute("aria-pressed", String(chosen));
    setText(button.children[0], scale.print(cell.value));
    setText(button.children[1], note(cell));
    const described = describe(cell, scale).join(", ");
    if (button.getAttribute("aria-label") !== described) button.setAttribute("aria-label", described);
  }

  move(event, i, j) {
    const step = STEPS[event.key];
    const next = step && this.buttons[i + step[0]]?.[j + step[1]];
    if (!next) return;
    event.preventDefault();
    this.buttons.flat().forEach((button) => (button.tabIndex = -1));
    next.tabIndex = 0;
    next.focus();
  }

  show(i, j) {
    const { rows, columns, cells } = this.comparison;
    const heading = `${words(rows.field)} ${short(rows.values[i])}, ${words(columns.field)} ${short(columns.values[j])}`;
    const lines = describe(cells[i][j], scaleOf(this.comparison));
    this.tip.replaceChildren(el("strong", {}, heading), ...lines.map((line) => el("div", {}, line)));
    this.tip.hidden = false;
    this.shown = [i, j];
    const [box, base] = [this.buttons[i][j].getBoundingClientRect(), this.host.getBoundingClientRect()];
    const left = Math.min(Math.max(0, box.left - base.left + box.width / 2 - this.tip.offsetWidth / 2), base.width - this.tip.offsetWidth);
    const below = box.bottom - base.top + 8;
    this.tip.style.setProperty("left", `${left}px`);
    this.tip.style.setProperty("top", `${i < 2 ? below : box.top - base.top - this.tip.offsetHeight - 8}px`);
  }

  hide() {
    this.tip.hidden = true;
    this.shown = null;
  }
}

export function short(entry) {
  return entry.label ?? String(entry.value);
}

/** How values become colors (0..1, bright is better) and text. */
export function scaleOf({ cells, metric, aggregate }) {
  const share = aggregate === "success_rate" || metric.unit === "share";
  const better = metric.better;
  const values = cells.flat().map((cell) => Number(cell.value ?? Number.NaN)).filter(Number.isFinite);
  let [low, high] = share ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const log = !share && low > 0 && high / low > 50;
  const place = log ? Math.log : (x) => x;
  const at = (x) => (high === low ? 0.5 : (place(x) - place(low)) / (place(high) - place(low)));
  return {
    low, high, log, better, empty: !values.length,
    print: share ? percent : number,
    share: (x) => (x === null || x === undefined || !Number.isFinite(Number(x)) ? null : better === "lower" ? 1 - at(x) : at(x)),
  };
}

function runsOf(cell) {
  return cell.runs?.length ?? cell.n + missing(cell);
}

function missing(cell) {
  return Object.values(cell.missing ?? {}).reduce((sum, k) => sum + k, 0);
}

function note(cell) {
  const all = runsOf(cell);
  if (!all) return "no run";
  return cell.n === all ? `n = ${all}` : `${cell.n} of ${all}`;
}

function describe(cell, scale) {
  const lines = [cell.value === null ? "no value yet" : scale.print(cell.value)];
  if (cell.low !== null && cell.low !== undefined && cell.low !== cell.high) {
    lines.push(`95 % interval ${scale.print(cell.low)} to ${scale.print(cell.high)}`);
  }
  lines.push(`${cell.n} of ${count(runsOf(cell), "run")}`);
  const reasons = Object.entries(cell.missing ?? {}).filter(([, k]) => k);
  if (reasons.length) lines.push(`missing: ${reasons.map(([why, k]) => `${k} ${words(why)}`).join(", ")}`);
  return lines;
}

function drawLegend(host, comparison, scale) {
  const colors = scale.better === "lower" ? [...VIRIDIS].reverse() : VIRIDIS;
  const ends = scale.empty ? ["", ""] : [scale.print(scale.low), scale.print(scale.high)];
  const better = (end) => (scale.better === end ? el("em", {}, "better") : null);
  host.replaceChildren(
    el("span", { class: "legend-title" }, `${compared(comparison)}${scale.log ? ", log scale" : ""}`),
    el("span", { class: "legend-end" }, better("lower"), " ", ends[0]),
    el("span", { class: "ramp", "aria-hidden": "true", style: { "--ramp": `linear-gradient(to right, ${colors.join(", ")})` } }),
    el("span", { class: "legend-end" }, ends[1], " ", better("higher")),
  );
}

