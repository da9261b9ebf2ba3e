// The comparison as tables whose cells are buttons: printed values, colors by value, readable without colors and
// with the keyboard.

import { listed, placeOfBest } from "./best.js";
import { VIRIDIS, colorAt, css, ink } from "./colors.js";
import { el, setText } from "./dom.js";
import { count } from "./format.js";
import { drawLegend, scaleOf } from "./scale.js";
import { cellAt, placeName, samePlace, sideLabel, sideName, tablesOf } from "./tables.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Draws into `host`; `onpick({panel, row, column})` is called for a click. */
export class Heatmap {
  constructor(host, onpick) {
    this.host = host;
    this.onpick = onpick;
    this.tip = el("div", { class: "tip", role: "tooltip", hidden: true });
  }

  /** Draw a comparison; `chosen` is the place of the chosen cell, `kept` are those whose curves stand beside it. */
  draw(comparison, chosen, kept = []) {
    this.build(comparison);
    const [scale, best] = [scaleOf(comparison), placeOfBest(comparison)];
    for (const { node, at } of this.buttons.flat(2)) {
      this.paint(node, cellAt(comparison, at), scale, { chosen: samePlace(at, chosen), best: samePlace(at, best) });
      node.classList.toggle("kept", kept.some((other) => samePlace(at, other)));
    }
    this.comparison = comparison;
    drawLegend(this.legend, comparison, scale, best);
    if (this.shown) this.show(this.shown);
  }

  /** Make the tables anew only when their rows or columns are others than before: focus and place stay. */
  build(comparison) {
    const { rows, columns, panels } = comparison;
    const tables = tablesOf(comparison);
    const signature = JSON.stringify([rows, columns, panels?.values, tables.map((table) => table.rows)]);
    if (signature === this.signature) return;
    this.signature = signature;
    this.shown = null;
    this.buttons = tables.map((table, k) =>
      table.rows.map((row, i) => columns.values.map((_, j) => this.button({ panel: k, row, column: j }, [k, i, j]))),
    );
    this.legend = el("div", { class: "legend" });
    const facets = el(
      "div",
      { class: "facets", style: { "--columns": columns.values.length } },
      tables.map((table, k) => this.facet(comparison, table, k)),
    );
    this.host.classList.toggle("faceted", Boolean(panels));
    this.host.replaceChildren(facets, this.legend, this.tip);
  }

  facet(comparison, table, k) {
    const { rows, columns } = comparison;
    const head = el(
      "tr",
      {},
      el("td", { class: "corner" }),
      ...columns.values.map((v) => el("th", { scope: "col" }, sideLabel(columns.field, v))),
    );
    const body = table.rows.map((row, i) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, sideLabel(rows.field, rows.values[row])),
        ...this.buttons[k][i].map(({ node }) => el("td", {}, node)),
      ),
    );
    return el(
      "div",
      { class: "facet" },
      table.title ? el("h3", {}, table.title) : null,
      el("div", { class: "axis-x" }, sideName(columns.field, comparison)),
      el("div", { class: "axis-y" }, el("span", {}, sideName(rows.field, comparison))),
      el(
        "div",
        { class: "heat-scroll" },
        el(
          "table",
          { class: "heat" },
          el("caption", { class: "hidden" }, table.title || "Comparison"),
          el("thead", {}, head),
          el("tbody", {}, body),
        ),
      ),
    );
  }

  /** The button of a place; `seen` is where it stands among the buttons. */
  button(at, seen) {
    const node = el("button", {
      class: "cell", type: "button", tabindex: seen.some(Boolean) ? -1 : 0,
      onclick: () => this.onpick(at),
      onkeydown: (event) => this.move(event, seen),
      onmouseenter: () => this.show(seen), onmouseleave: () => this.hide(),
      onfocus: () => this.show(seen), onblur: () => this.hide(),
    }, el("span", { class: "value" }), el("span", { class: "note" }));
    return { node, at };
  }

  paint(button, cell, scale, { chosen, best }) {
    const share = scale.share(cell.value);
    const rgb = share === null ? null : colorAt(VIRIDIS, share);
    button.classList.toggle("blank", rgb === null);
    button.classList.toggle("best", best);
    button.style.setProperty("--cell", rgb ? css(rgb) : "transparent");
    button.style.setProperty("--ink", rgb ? ink(rgb) : "var(--muted)");
    button.setAttribute("aria-pressed", String(chosen));
    setText(button.children[0], cell.runs.length ? scale.brief(cell.value) : "");
    setText(button.children[1], note(cell));
    button.children[1].classList.toggle("whole", cell.n === cell.runs.length);
    const seen = [...button.children].map((part) => part.textContent); // a name begins with what is seen
    const [value, ...rest] = describe(cell, scale);
    const whole = value === seen[0] ? [] : [value];
    const described = [seen.join(" ").trim(), ...whole, ...rest, ...(best ? ["best"] : [])].join(", ");
    if (button.getAttribute("aria-label") !== described) button.setAttribute("aria-label", described);
  }

  move(event, [k, i, j]) {
    const step = STEPS[event.key];
    const next = step && (this.buttons[k][i + step[0]]?.[j + step[1]] ?? this.beside(k, i, step[1]));
    if (!next) return;
    event.preventDefault();
    for (const { node } of this.buttons.flat(2)) node.tabIndex = -1;
    next.node.tabIndex = 0;
    next.node.focus();
  }

  /** The button where the next table begins, or the one before ends, in the same row as far as it has one. */
  beside(k, i, step) {
    const table = step ? this.buttons[k + step] : null;
    return table?.[Math.min(i, table.length - 1)]?.at(step > 0 ? 0 : -1);
  }

  show(seen) {
    const [k, i, j] = seen;
    const { node, at } = this.buttons[k][i][j];
    const lines = describe(cellAt(this.comparison, at), scaleOf(this.comparison));
    if (node.classList.contains("best")) lines.push("★ best");
    this.tip.replaceChildren(
      el("strong", {}, placeName(this.comparison, at)),
      ...lines.map((line) => el("div", {}, line)),
    );
    this.tip.hidden = false;
    this.shown = seen;
    const [box, base] = [node.getBoundingClientRect(), this.host.getBoundingClientRect()];
    const left = Math.min(
      Math.max(0, box.left - base.left + box.width / 2 - this.tip.offsetWidth / 2),
      base.width - this.tip.offsetWidth,
    );
    const above = box.top - base.top - this.tip.offsetHeight - 8;
    this.tip.style.setProperty("left", `${left}px`);
    this.tip.style.setProperty("top", `${i < 2 ? box.bottom - base.top + 8 : above}px`);
  }

  hide() {
    this.tip.hidden = true;
    this.shown = null;
  }
}

function note(cell) {
  const all = cell.runs.length;
  if (!all) return "no run";
  return cell.n === all ? `n = ${all}` : `${cell.n} of ${all}`;
}

function describe(cell, scale) {
  if (!cell.runs.length) return ["no run of this sweep"];
  const lines = [cell.value === null ? "no value" : scale.print(cell.value)];
  if (cell.low !== null && cell.low !== undefined && cell.low !== cell.high) {
    lines.push(`95 % interval ${scale.print(cell.low)} to ${scale.print(cell.high)}`);
  }
  lines.push(`${cell.n} of ${count(cell.runs.length, "run")}`);
  if (Object.keys(cell.missing).length) lines.push(`missing: ${listed(cell.missing)}`);
  return lines;
}
