// One bundle for both places where figures are drawn: QuickJS inside mozopt, and the browser.
import * as vega from "vega";
import * as vegaLite from "vega-lite";
import vegaEmbed from "vega-embed";

Object.assign(globalThis, { vega, vegaLite, vegaEmbed });
