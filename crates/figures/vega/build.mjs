// Makes bundle.js, LICENCES and the schema from the packages that package-lock.json names, and copies
// the font.
import { build } from "esbuild";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const { metafile } = await build({
  entryPoints: ["entry.js"],
  outfile: "bundle.js",
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  legalComments: "none",
  metafile: true,
  platform: "browser",
  target: "es2020",
});

const directories = new Set();
for (const file of Object.keys(metafile.inputs)) {
  const inPackage = file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (inPackage) directories.add(inPackage[1]);
}
const notices = [...directories].sort().map((directory) => {
  const { name, version, license } = JSON.parse(readFileSync(`${directory}/package.json`));
  const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = readFileSync(`${directory}/${file}`, "utf8").replaceAll("\r\n", "\n").trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync("LICENCES", notices.join(`\n${"-".repeat(80)}\n\n`));

const schema = JSON.parse(readFileSync("node_modules/vega-lite/build/vega-lite-schema.json"));
// Texts only: a property of that name is an object.
const withoutTexts = (key, value) =>
  key === "description" && typeof value === "string" ? undefined : value;
writeFileSync("vega-lite-schema.json", JSON.stringify(schema, withoutTexts));

const fonts = "node_modules/pdfjs-dist/standard_fonts";
for (const file of ["LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LICENSE_LIBERATION"]) {
  copyFileSync(`${fonts}/${file}`, file);
}
