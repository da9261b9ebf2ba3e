// A long table: rows come page by page as the reader scrolls, and only those in sight are elements of the page.

import { el } from "./dom.js";

const ROW = 38; // pixels a row, as the stylesheet has it
const AROUND = 10; // rows drawn above and below those in sight

export class Rows {
  items = [];
  drawn = "";

  /** `draw` makes the <tr> of an item; `more` is called when the reader comes near the end of what is there. */
  constructor(scroller, draw, more) {
    Object.assign(this, { scroller, draw, more, body: scroller.querySelector("tbody") });
    scroller.addEventListener("scroll", () => this.update(), { passive: true });
    new ResizeObserver(() => this.update()).observe(scroller);
  }

  /** Put other items in place of those that are there. */
  set(items) {
    this.items = items;
    this.redraw();
  }

  redraw() {
    this.drawn = "";
    this.update();
  }

  /** The items between the first and the last row in sight. */
  get range() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - AROUND);
    const count = Math.ceil(this.scroller.clientHeight / ROW) + 2 * AROUND;
    return [first, Math.min(this.items.length, first + count)];
  }

  get inSight() {
    return this.items.slice(...this.range);
  }

  update() {
    const [first, last] = this.range;
    const span = `${first},${last}`;
    if (span !== this.drawn) {
      const focused = document.activeElement?.closest?.("tr[data-id]")?.dataset.id;
      const gap = (rows) =>
        rows ? [el("tr", { class: "gap", "aria-hidden": "true", style: { "--rows": rows } })] : [];
      const rows = this.items.slice(first, last).map((item, i) => this.row(item, first + i));
      this.body.replaceChildren(...gap(first), ...rows, ...gap(this.items.length - last));
      if (focused) this.body.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
      this.drawn = span;
    }
    if (last > this.items.length - 3 * AROUND) this.more();
  }

  row(item, index) {
    const row = this.draw(item);
    row.setAttribute("aria-rowindex", index + 2); // the head is row 1
    return row;
  }
}
