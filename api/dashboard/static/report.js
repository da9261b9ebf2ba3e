// The report's pictures, from the data inside its own file. All modules before this one are inlined with it.

import { answerOf } from "./best.js";
import { onThemeChange } from "./colors.js";
import { byId, el } from "./dom.js";
import { compared } from "./format.js";
import { Heatmap } from "./heatmap.js";
import { show } from "./plot.js";

const report = JSON.parse(byId("data").textContent);

const heatmap = new Heatmap(byId("heatmap"), () => undefined);
const select = byId("shown");
select.append(...report.comparisons.map((c, i) => el("option", { value: i }, compared(c))));
select.onchange = () => {
  const comparison = report.comparisons[Number(select.value)];
  heatmap.draw(comparison, null);
  byId("answer").textContent = answerOf(comparison);
  drawAlong(report.lines[Number(select.value)]);
};
select.onchange();

/** The comparison along one of its fields, where that has numbers. */
function drawAlong(figure) {
  byId("along").hidden = !figure;
  if (!figure) return;
  byId("lines-note").textContent = figure.caption;
  byId("lines").setAttribute("aria-label", figure.title);
  show(byId("lines"), figure, select.value);
}

function drawAll() {
  drawAlong(report.lines[Number(select.value)]);
  report.pictures.forEach((figure, i) => figure && show(byId(`picture-${i}`), figure, i));
}

drawAll();
onThemeChange(drawAll);
