// Keeps of the library's sheet what the templates use, and of its icons those in icons.txt.
// Usage: node subset.mjs LIBRARY REPOSITORY OUT
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { PurgeCSS } from "purgecss";

const [library, repository, out] = process.argv.slice(2);
const own = join(repository, "tools/assets");
const lines = (name) => readFileSync(join(own, name), "utf8").split("\n").filter((line) => !line.startsWith("#"));

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.name.endsWith(".html")) yield path;
  }
}

const classes = new Set(lines("classes.txt").join(" ").split(/\s+/).filter(Boolean));
const tags = new Set(["html", "body", "main", "header", "footer", "section", "article", "nav", "a", "p", "h1", "h2", "h3",
  "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "strong", "em", "b", "i", "sup", "sub", "abbr", "time", "code", "pre",
  "small", "br", "hr", "svg", "use", "img", "table", "caption", "thead", "tbody", "tr", "th", "td", "form", "fieldset", "legend",
  "label", "input", "select", "option", "textarea", "button", "details", "summary", "span", "div", "dialog", "output", "blockquote"]);
for (const file of files(join(repository, "crates/fascicolo-web/templates"))) {
  const html = readFileSync(file, "utf8");
  for (const [, value] of html.matchAll(/\bclass="([^"]*)"/g)) {
    const plain = value.replace(/\{[%{].*?[%}]\}/g, " ");
    const within = [...value.matchAll(/"?'?([a-z0-9-]+)'?"?/g)].map(([, word]) => word);
    for (const name of [...plain.split(/\s+/), ...within]) classes.add(name);
  }
}

const attributes = { names: ["type", "role", "open", "hidden", "href", "title", "lang", "disabled", "multiple", "aria-current",
  "readonly", "size", "rows", "tabindex", "list"], values: ["text", "search", "date", "tel", "email", "number", "password", "file",
  "checkbox", "radio", "submit", "button", "reset", "page", "true", "note", "alert", "status", "button"] };
const [purged] = await new PurgeCSS().purge({
  content: [{ raw: "all", extension: "html" }],
  css: [{ raw: readFileSync(join(library, "dist/css/bootstrap-italia.min.css"), "utf8") }],
  extractors: [{ extensions: ["html"], extractor: () => ({
    attributes, classes: [...classes], ids: [], tags: [...tags], undetermined: [] }) }],
  fontFace: true,
  keyframes: true,
  variables: true,
  safelist: { variables: ["--bootstrap-italia-version"] },
});
let css = purged.css;
const mark = "--bootstrap-italia-version";
if (!css.includes(mark)) throw new Error(`the sheet lost ${mark}, which official checkers read`);
if (css.includes("data:application")) throw new Error("an embedded font is left: font-src 'self' would refuse it");
writeFileSync(join(out, "bootstrap-italia.css"), css);

const sprite = readFileSync(join(library, "dist/svg/sprites.svg"), "utf8");
const symbols = lines("icons.txt").map((id) => id.trim()).filter(Boolean).map((id) => {
  const symbol = sprite.match(new RegExp(`<symbol id="${id}"[^]*?</symbol>`));
  if (!symbol) throw new Error(`no icon ${id}`);
  return symbol[0];
});
const icons = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
writeFileSync(join(out, "icons.svg"), icons);
for (const [name, text] of [["css", css], ["icons", icons]]) {
  console.log(`${name}: ${text.length} bytes, ${brotliCompressSync(text).length} compressed`);
}
