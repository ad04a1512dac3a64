"use strict";
const { figures, themes } = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
root.dataset.theme ||= prefersDark ? "dark" : "light";

// One after the other, so that the first are there while the last are drawn.
let drawing = 0;
async function draw() {
  const own = ++drawing;
  for (const plot of document.querySelectorAll("[data-figure]")) {
    const name = plot.dataset.figure;
    const shown = await vegaEmbed(plot, figures[name], {
      // Expressions are interpreted: the page's security policy knows no `eval`.
      ast: true,
      actions: { export: true, source: false, compiled: false, editor: false },
      config: themes[root.dataset.theme],
      downloadFileName: name,
      renderer: "canvas",
      scaleFactor: 2,
    });
    if (own !== drawing) return shown.finalize();
  }
  root.dataset.drawn = String(own);
}

const button = document.getElementById("theme");
button.hidden = false;
button.addEventListener("click", () => {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  draw();
});

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const sort = document.createElement("button");
    sort.type = "button";
    sort.textContent = head.textContent;
    head.replaceChildren(sort);
    sort.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      // What has no value stays at the end, whichever way the others are sorted.
      const order = (a, b) => {
        const [left, right] = [key(a), key(b)];
        if (left === "" || right === "") return (left === "") - (right === "");
        const difference = left - right;
        const compared = Number.isNaN(difference) ? left.localeCompare(right) : difference;
        return up ? compared : -compared;
      };
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
    });
  });
}

draw();
