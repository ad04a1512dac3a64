"use strict";
// What every page with figures has: their drawing, the theme, tables that can be sorted.
const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
root.dataset.theme ||= prefersDark ? "dark" : "light";

// What the reader chose, and not what they were just doing.
const CHOICE = /^(brush|zoom)(_(?!tuple|translate|zoom|modify|toggle|scale)\w+)?$/;

// Draws a figure into its place; what the reader chose in an earlier drawing of it stays chosen.
async function drawFigure(plot, name, specification, themes) {
  const chosen = plot.view?.getState({
    signals: (signal) => CHOICE.test(signal),
    data: (data) => CHOICE.test(data),
  });
  // Meanwhile the page keeps its height, and with it the place to which the reader has scrolled.
  plot.style.minHeight = `${plot.offsetHeight}px`;
  plot.drawn?.finalize();
  plot.drawn = await vegaEmbed(plot, specification, {
    // Expressions are interpreted: the page's security policy knows no `eval`.
    ast: true,
    actions: { export: true, source: false, compiled: false, editor: false },
    config: themes[root.dataset.theme],
    downloadFileName: name,
    renderer: "canvas",
    scaleFactor: 2,
  });
  plot.view = plot.drawn.view;
  plot.querySelector("summary").setAttribute("aria-label", `Save ${name}`);
  if (chosen) await plot.view.setState(chosen).runAsync();
  plot.style.minHeight = "";
}

function onThemeChange(draw) {
  const button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    draw();
  });
}

function makeSortable(table) {
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
