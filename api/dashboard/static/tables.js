// What a comparison shows: one table, or one for each value of a third field, and the words for a place in them.

import { axisName, words } from "./format.js";

const KINDS = { rule: "clipping" }; // what fields that name a rule are rules of; "clipping.kind" says so itself
const NO_PLACE = ["clipping.threshold"]; // fields that some rules do not have

/** The tables side by side; rows that a panel has no run of are left out. */
export function tablesOf(comparison) {
  const { panels, cells } = comparison;
  if (!panels) return [{ title: "", cells, rows: cells.map((_, i) => i) }];
  return panels.cells.map((table, k) => ({
    title: named(panels.field, panels.values[k], comparison),
    cells: table,
    rows: table.flatMap((row, i) => (row.some((cell) => cell.runs.length) ? [i] : [])),
  }));
}

/** All cells with their places, in the order of reading. */
export function cellsOf(comparison) {
  return tablesOf(comparison).flatMap(({ rows, cells }, panel) =>
    rows.flatMap((row) => cells[row].map((cell, column) => ({ at: { panel, row, column }, cell }))));
}

export function cellAt(comparison, at) {
  return at ? tablesOf(comparison)[at.panel]?.cells[at.row]?.[at.column] : undefined;
}

export function samePlace(a, b) {
  return Boolean(a && b) && a.panel === b.panel && a.row === b.row && a.column === b.column;
}

/** A place as it stands in an address: "row,column", or "panel,row,column". */
export function written({ panel, row, column }, { panels }) {
  return (panels ? [panel, row, column] : [row, column]).join(",");
}

export function placeIn(text) {
  const [column, row, panel = 0] = text.split(",").map(Number).reverse();
  return { panel, row, column };
}

export function short(entry) {
  return entry.label ?? String(entry.value);
}

/** A value on the side of a table: a rule without threshold has none to name. */
export function sideLabel(field, entry) {
  return entry.value === null && NO_PLACE.includes(field) ? "–" : short(entry);
}

/** A side's name; beside panels of a rule's kinds, "clipping.threshold" is but "threshold". */
export function sideName(field, { panels }) {
  const parent = panels?.field.endsWith(".kind") ? panels.field.slice(0, -"kind".length) : null;
  return parent && field.startsWith(parent) ? axisName(field.slice(parent.length)) : axisName(field);
}

/** A place in words: "norm clipping, threshold 0.3, batch size 5". */
export function placeName(comparison, { panel, row, column }) {
  const { panels, rows, columns } = comparison;
  const parts = [[rows.field, rows.values[row]], [columns.field, columns.values[column]]];
  if (panels) parts.unshift([panels.field, panels.values[panel]]);
  return parts.map(([field, entry]) => named(field, entry, comparison)).filter(Boolean).join(", ");
}

/** A field with its value: a kind comes before what it is a kind of. */
function named(field, entry, comparison) {
  const whole = KINDS[field] ?? (field.endsWith(".kind") ? words(field.slice(0, -".kind".length)) : null);
  if (whole) return `${short(entry) === "none" ? "no" : words(short(entry))} ${whole}`;
  if (sideLabel(field, entry) === "–") return "";
  return `${sideName(field, comparison)} ${short(entry)}`;
}
