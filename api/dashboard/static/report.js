// The report's pictures, from the data inside its own file. All modules before this one are inlined with it.

import { answerOf } from "./best.js";
import { onThemeChange } from "./colors.js";
import { drawCurves } from "./curves.js";
import { drawPicture, rangeOf } from "./delta.js";
import { byId, el } from "./dom.js";
import { compared } from "./format.js";
import { Heatmap } from "./heatmap.js";

const report = JSON.parse(byId("data").textContent);

/** Pictures travel as whole hundredths of log10; null is no such time step, "0" a gradient of exactly zero. */
function unpack({ steps, hundredths }) {
  const value = (v) => (v === null ? null : v === "0" ? Number.NEGATIVE_INFINITY : v / 100);
  return { steps, logs: hundredths.map((row) => row.map(value)) };
}

const heatmap = new Heatmap(byId("heatmap"), () => undefined);
const select = byId("shown");
select.append(...report.comparisons.map((c, i) => el("option", { value: i }, compared(c))));
select.onchange = () => {
  const comparison = report.comparisons[Number(select.value)];
  heatmap.draw(comparison, null);
  byId("answer").textContent = answerOf(comparison);
};
select.onchange();

const pictures = report.panels.map((panel) => panel.picture && unpack(panel.picture));
const range = rangeOf(pictures.filter(Boolean));

function drawPanels() {
  report.panels.forEach((panel, i) => {
    if (panel.curves.length) drawCurves(byId(`curves-${i}`), panel.curves, { updates: panel.updates, key: i });
    if (pictures[i]) drawPicture(byId(`picture-${i}`), pictures[i], { range, updates: panel.updates, key: i });
  });
}

drawPanels();
onThemeChange(drawPanels);
