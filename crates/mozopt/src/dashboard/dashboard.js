"use strict";
// The page asks for what is to be seen, when the server says that there is something new.
const { themes, figures } = JSON.parse(document.getElementById("data").textContent);
const token = new URLSearchParams(location.search).get("token");
const element = (id) => document.getElementById(id);
// How often sections and figures are renewed at most.
const INTERVAL_MS = 4000;

let status = null;

// The server does not answer: the page has said so, and goes on when it answers again.
class Lost extends Error {}
addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Lost) event.preventDefault();
});

function lost() {
  element("standing").textContent =
    "The dashboard does not answer: it ended, or the tunnel to it did. This page shows its last state.";
  element("standing").classList.add("trouble");
}

async function ask(address, options = {}) {
  const headers = { authorization: `Bearer ${token}`, ...options.headers };
  const answer = await fetch(address, { ...options, headers }).catch((error) => {
    lost();
    throw new Lost(error.message);
  });
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}

const shown = (value) => Number(value.toPrecision(4)).toString();

// ---- where the optimization stands

function standing() {
  const { controller, paused, stopping, stopped, trouble } = status;
  if (trouble) return `Nothing more can be read: ${trouble}`;
  if (!controller) {
    return stopped ? `Stopped: ${stopped}.` : "Not running: its controller was killed.";
  }
  const where = `process ${controller.pid} on ${controller.host}`;
  if (stopping) return `Stopping (${where}).`;
  if (paused) return `Paused: nothing new starts (${where}).`;
  return `Running (${where}).`;
}

function showStatus() {
  element("standing").textContent = standing();
  const killed = !status.controller && !status.stopped;
  element("standing").classList.toggle("trouble", killed || Boolean(status.trouble));
  element("resume").hidden = !status.resume;
  element("resume").querySelector("code").textContent = status.resume ?? "";
  const { simulations, simulations_to_run: most, running, failures, best, first_total: first } = status;
  Object.assign(element("progress"), { max: Math.max(most, 1), value: simulations });
  const failed = Object.entries(failures).map(([what, count]) => `${count} ${what}`);
  element("counts").textContent =
    `${simulations} of ${most}, generation ${status.generations} of ${status.last_generation} complete, ` +
    `${running} running or queued, ` + (failed.length ? `failed: ${failed.join(", ")}` : "none failed") +
    (status.controller && status.time_left ? `; about ${status.time_left} left` : "") +
    (status.fidelities.length ? `. ${status.fidelities.join("; ")}` : "");
  element("total").textContent = best
    ? `Best: candidate ${best[0]}, total score ${shown(best[1])}` +
      (first === null ? "." : ` (${shown(first)} in generation 1).`)
    : "No candidate has been measured yet.";
  element("latest").replaceChildren(...status.latest.map((one) => {
    const line = document.createElement("li");
    const time = one.finished ? new Date(one.finished).toLocaleTimeString() : "";
    const reason = one.reason ? `: ${one.reason}` : "";
    line.append(opener(one.candidate, `candidate ${one.candidate}`),
      ` ${one.outcome}, total ${shown(one.total)} (${time})${reason}`);
    return line;
  }));
  element("pause").textContent = status.paused ? "Continue …" : "Pause …";
  for (const id of ["pause", "stop", "limits"]) {
    element(id).disabled = !status.controller || status.stopping;
  }
}

let news = null;
function listen() {
  news = new EventSource(`/api/news?token=${token}`);
  news.onmessage = ({ data }) => {
    const before = status;
    status = JSON.parse(data);
    if (status.entries === undefined) return;
    showStatus();
    if (before && before.entries !== status.entries) element("answer").textContent = "";
    showRows();
    if (!before) renew();
  };
  news.onerror = lost;
}

// Browsers keep few connections to one address: pages that nobody sees give theirs up.
document.addEventListener("visibilitychange", () => {
  news.close();
  if (!document.hidden) listen();
});

// ---- sections and figures

async function renewSections() {
  for (const section of document.querySelectorAll("[data-section]")) {
    const html = await (await ask(`/api/sections/${section.dataset.section}`)).text();
    if (section.html === html) continue;
    const open = section.querySelector("details")?.open;
    section.html = html;
    section.innerHTML = html;
    if (open) section.querySelector("details").open = true;
    section.querySelectorAll("table.sortable").forEach(makeSortable);
  }
}

const places = figures.map((name) => {
  const figure = document.createElement("figure");
  figure.id = name;
  figure.className = "waits";
  figure.innerHTML = `<h3></h3><p class="caption" id="${name}-caption"></p><div class="plot" role="group" tabindex="0"></div>`;
  element("plots").append(figure);
  return { name, figure, plot: figure.querySelector(".plot"), entries: null, seen: false };
});

const observer = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) {
    places.find((place) => place.figure === target).seen = isIntersecting;
  }
  drawSeen();
}, { rootMargin: "300px" });
places.forEach((place) => observer.observe(place.figure));

let drawing = false;
async function drawSeen() {
  if (drawing || !status) return;
  drawing = true;
  try {
    // The reader may scroll meanwhile, and each figure is tried once.
    const tried = new Set();
    const next = () => places.find((place) =>
      place.seen && !tried.has(place) && place.entries !== status.entries);
    for (let place = next(); place; place = next()) {
      tried.add(place);
      // Not while the reader drags in it.
      if (!place.plot.matches(":active")) await renewFigure(place);
    }
  } finally {
    drawing = false;
  }
}

async function renewFigure(place) {
  const { name, figure, plot } = place;
  const made = await (await ask(`/api/figures/${name}`)).json();
  // A figure that is still being made is asked for again; until then it is the one before.
  if (place.specification && made.entries === place.entries) return;
  place.entries = made.entries;
  figure.querySelector("h3").textContent = made.title ?? name;
  figure.querySelector(".caption").textContent =
    made.lacking ? `Not yet: ${made.lacking}.` : made.caption;
  figure.classList.remove("waits");
  plot.setAttribute("aria-label", made.title ?? name);
  plot.setAttribute("aria-describedby", `${name}-caption`);
  place.specification = made.specification;
  if (place.specification) await drawFigure(plot, name, place.specification, themes);
}

onThemeChange(async () => {
  for (const { plot, name, specification } of places) {
    if (specification) await drawFigure(plot, name, specification, themes);
  }
});

let renewed = null;
async function renew() {
  if (!status || document.hidden) return;
  drawSeen();
  const { entries } = status;
  if (renewed === entries) return;
  await renewSections();
  renewed = entries;
}
setInterval(renew, INTERVAL_MS);

// ---- candidates

const view = { sort: "total", down: false, from: 0, rows: 50 };
const body = element("table").tBodies[0];

function opener(candidate, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "candidate";
  button.dataset.candidate = candidate;
  button.textContent = text;
  button.addEventListener("click", () => open(candidate));
  return button;
}

async function showRows() {
  const { count, html } = await (await ask(`/api/candidates?${new URLSearchParams(view)}`)).json();
  element("window").textContent = count
    ? `${view.from + 1} to ${Math.min(view.from + view.rows, count)} of ${count}` : "none yet";
  element("earlier").disabled = view.from === 0;
  element("later").disabled = view.from + view.rows >= count;
  if (body.html === html) return;
  const focused = body.contains(document.activeElement) && document.activeElement.dataset.candidate;
  body.html = html;
  body.innerHTML = html;
  for (const row of body.rows) {
    const number = row.cells[0].textContent;
    row.cells[0].replaceChildren(opener(number, number));
  }
  if (focused) body.querySelector(`[data-candidate="${focused}"]`)?.focus();
}

for (const head of document.querySelectorAll("th[data-sort]")) {
  head.querySelector("button").addEventListener("click", () => {
    view.down = head.getAttribute("aria-sort") === "ascending";
    view.sort = head.dataset.sort;
    view.from = 0;
    document.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", view.down ? "descending" : "ascending");
    showRows();
  });
}
function turn(rows) {
  view.from = Math.max(0, view.from + rows);
  showRows();
}
element("earlier").addEventListener("click", () => turn(-view.rows));
element("later").addEventListener("click", () => turn(view.rows));

async function open(candidate) {
  const details = element("details");
  details.innerHTML = await (await ask(`/api/candidates/${candidate}`)).text();
  details.querySelectorAll("table.sortable").forEach(makeSortable);
  for (const link of details.querySelectorAll("a[data-file]")) {
    link.href += `?token=${token}`;
    link.target = "_blank";
  }
  if (!element("candidate").open) element("candidate").showModal();
  element("candidate").scrollTop = 0;
}

// ---- requests

const dialog = element("confirm");
const form = dialog.querySelector("form");

function confirmed(title, consequence, kind) {
  element("confirm-title").textContent = title;
  element("consequence").textContent = consequence;
  form.reset();
  form.querySelector(".of-stop").hidden = kind !== "stop";
  form.querySelector(".of-limits").hidden = kind !== "limits";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "do"), { once: true }));
}

async function request(what) {
  const answer = element("answer");
  try {
    await ask("/api/requests", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(what),
    });
    answer.textContent = "Requested: the controller carries it out within seconds.";
  } catch (error) {
    answer.textContent = `Not done: ${error.message}`;
  }
}

element("pause").addEventListener("click", async () => {
  const { paused } = status;
  const yes = paused
    ? await confirmed("Continue?", "The search proposes and simulates candidates again.")
    : await confirmed("Pause?", "No new simulation starts until you continue; running simulations go on.");
  if (yes) request({ request: paused ? "continue" : "pause" });
});

element("stop").addEventListener("click", async () => {
  const consequence = `No new simulation starts, and the controller ends when the ${status.running} running ones ` +
    "have finished. Continue with `mozopt resume`.";
  if (await confirmed("Stop?", consequence, "stop")) {
    request({ request: "stop", cancel: form.elements.cancel.checked });
  }
});

element("limits").addEventListener("click", async () => {
  const inputs = [...form.querySelectorAll(".of-limits input")];
  for (const input of inputs) input.placeholder = status.limits[input.name] ?? "no limit";
  if (!await confirmed("Change limits?", "Empty fields stay unchanged.", "limits")) return;
  const given = inputs.filter((input) => input.value !== "");
  const value = (input) => (input.type === "number" ? Number(input.value) : input.value);
  const change = Object.fromEntries(given.map((input) => [input.name, value(input)]));
  if (given.length) request({ request: "change_limits", ...change });
});

listen();
