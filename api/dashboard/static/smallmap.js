// A comparison as a picture of a few lines: colors alone, as the heat map of its sweep has them.

import { VIRIDIS, colorAt, css } from "./colors.js";
import { el } from "./dom.js";
import { compared } from "./format.js";
import { scaleOf } from "./scale.js";
import { tablesOf } from "./tables.js";

const MOST = 400; // cells that can still be told apart

export function smallMap(comparison) {
  const tables = tablesOf(comparison);
  const cells = tables.flatMap((table) => table.rows.flatMap((row) => table.cells[row]));
  if (cells.length < 2 || cells.length > MOST || cells.every(({ value }) => value === null)) return null;
  const scale = scaleOf(comparison);
  const square = ({ value }) => {
    const share = scale.share(value);
    const color = share === null ? "transparent" : css(colorAt(VIRIDIS, share));
    return el("i", { class: share === null ? "blank" : undefined, style: { "--cell": color } });
  };
  const grid = (table) =>
    el(
      "div",
      { class: "small-grid", style: { "--columns": comparison.columns.values.length } },
      table.rows.flatMap((row) => table.cells[row].map(square)),
    );
  return el(
    "div",
    { class: "small-map", role: "img", "aria-label": `${compared(comparison)}, as colors` },
    tables.map(grid),
  );
}
