// What must hold for every page of the site, whatever it says.
import { mkdir } from "node:fs/promises";
import { axeSource } from "./browser.mjs";
import { check, equal } from "./checks.mjs";

const SHOTS = process.env.SCREENSHOTS;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const CODICE_FISCALE = /\b[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]\b/i;

export async function shot(visitor, name) {
  await mkdir(SHOTS, { recursive: true });
  const kind = `${visitor.width}${visitor.script ? "" : "-noscript"}`;
  await visitor.page.screenshot({ path: `${SHOTS}/${name}-${kind}.png`, fullPage: true });
}

/** axe over the page as it stands. It runs through the debugger, so the page's own CSP stays in force. */
export async function axe(visitor, name) {
  const session = await visitor.context.newCDPSession(visitor.page);
  const run = `axe.run(document, { runOnly: { type: "tag", values: ${JSON.stringify(RULES)} }, resultTypes: ["violations"] })
    .then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, at: v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " | " + n.html.slice(0, 160)) })))`;
  await session.send("Runtime.evaluate", { expression: `${axeSource}; 0`, allowUnsafeEvalBlockedByCSP: true });
  const answer = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  await session.detach();
  const found = answer.result.value;
  if (!check(`axe ran on ${name}`, Array.isArray(found), answer.exceptionDetails?.text)) return;
  check(`axe, ${name}, ${visitor.width} px`, found.length === 0,
    found.map((v) => `\n    ${v.id} (${v.impact}) ${v.at.join("\n        ")}`).join(""));
}

/** Structure, markup habits, size and overflow (GEN-G4, GEN-G8, and the page budgets). */
export async function structure(visitor, name) {
  const facts = await visitor.page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    const handler = (element) => [...element.attributes].some((a) => a.name.startsWith("on") || /^\s*javascript:/i.test(a.value));
    const ids = all.map((e) => e.id).filter(Boolean);
    return {
      h1: document.querySelectorAll("h1").length,
      main: document.querySelectorAll("main").length,
      lang: document.documentElement.lang,
      title: document.title,
      nodes: all.length,
      inline: all.filter((e) => e.hasAttribute("style") || handler(e) || (e.tagName === "SCRIPT" && !e.src)).map((e) => e.outerHTML.slice(0, 120)),
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      targets: [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1)).filter((id) => id && !document.getElementById(id)),
      missing: document.body.innerText.match(/\b[a-z_]+\.[a-z_]+\.[a-z_.]+\b/g)?.filter((w) => !/^(www|https?)|\.(it|pdf|xml|eu|gov|toml|example)\b/.test(w)) ?? [],
    };
  });
  equal(`${name} has one h1`, facts.h1, 1);
  equal(`${name} has one main`, facts.main, 1);
  check(`${name} says its language`, /^(it|en|de)$/.test(facts.lang), facts.lang);
  check(`${name} has a title without personal data`, facts.title !== "" && !CODICE_FISCALE.test(facts.title), facts.title);
  check(`${name} has at most 800 elements`, facts.nodes <= 800, facts.nodes);
  check(`${name} has no inline style, script or handler`, facts.inline.length === 0, facts.inline.join("\n    "));
  check(`${name} has no id twice`, facts.twice.length === 0, facts.twice.join(" "));
  check(`${name} has no dead anchor`, facts.targets.length === 0, facts.targets.join(" "));
  check(`${name} shows no text key`, facts.missing.length === 0, facts.missing.join(" "));
  check(`${name} has no personal data in its address`, !CODICE_FISCALE.test(visitor.page.url()), visitor.page.url());
}

/** No sideways scroll, at the visitor's width and at 320 px (WCAG 1.4.10). */
export async function reflow(visitor, name) {
  const before = visitor.page.viewportSize();
  for (const width of new Set([before.width, 320])) {
    await visitor.page.setViewportSize({ width, height: before.height });
    const over = await visitor.page.evaluate(() => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > room + 1)
        .slice(-3).map((e) => e.outerHTML.slice(0, 120));
    });
    check(`${name} does not scroll sideways at ${width} px`, over.length === 0, over.join("\n    "));
  }
  await visitor.page.setViewportSize(before);
}

/** Everything above. */
export async function judge(visitor, name) {
  await structure(visitor, name);
  await axe(visitor, name);
  await reflow(visitor, name);
  await shot(visitor, name.replaceAll(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, ""));
}
