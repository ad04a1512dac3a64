"use strict";
const { figures, themes } = JSON.parse(document.getElementById("data").textContent);

// One after the other, so that the first are there while the last are drawn.
let drawing = 0;
async function drawAll() {
  const own = ++drawing;
  for (const plot of document.querySelectorAll("[data-figure]")) {
    const name = plot.dataset.figure;
    await drawFigure(plot, name, figures[name], themes);
    if (own !== drawing) return;
  }
  root.dataset.drawn = String(own);
}

onThemeChange(drawAll);
document.querySelectorAll("table.sortable").forEach(makeSortable);
drawAll();
