// Runs after bundle.js, inside QuickJS. `emWidth(text, bold)` is the font's own measure.
vega.textMetrics.width = (item, text) => {
  const line = text ?? (Array.isArray(item.text) ? item.text[0] : item.text);
  const bold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
  return line == null ? 0 : emWidth(String(line), bold) * (item.fontSize ?? 11);
};

globalThis.draw = async (specification) => {
  const warnings = [];
  const note = (...words) => warnings.push(words.map(String).join(" "));
  const logger = vega.logger(vega.Warn, undefined, note);
  const { spec } = vegaLite.compile(JSON.parse(specification), { logger });
  const view = new vega.View(vega.parse(spec), { renderer: "none", logger });
  const svg = await view.toSVG();
  view.finalize();
  return JSON.stringify({ svg, warnings });
};
