// What vega expects of a browser and QuickJS does not have.
globalThis.structuredClone = (value) =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));
globalThis.console = Object.fromEntries(
  ["log", "info", "warn", "error", "debug"].map((level) => [level, () => {}]),
);
const soon = (act, _delay, ...args) => { Promise.resolve().then(() => act(...args)); return 0; };
Object.assign(globalThis, {
  setTimeout: soon,
  setInterval: () => 0,
  requestAnimationFrame: soon,
  clearTimeout: () => {},
  clearInterval: () => {},
  cancelAnimationFrame: () => {},
});
