// Runs the browser checks against a running sandbox (SITE, SECURE, STANDINS) and ends with one line that counts them.
// Usage: tools/test/browser.sh [PART…]   parts: journey federations keyboard public private states session
import { withBrowser } from "./browser.mjs";
import { finish } from "./checks.mjs";
import { privatePages, publicPages } from "./crawl.mjs";
import { federations } from "./federations.mjs";
import { journey } from "./journey.mjs";
import { keyboard } from "./keyboard.mjs";
import { session } from "./session.mjs";
import { states } from "./states.mjs";

const wanted = process.argv.slice(2);
const WIDTHS = [390, 1280];

const parts = {
  journey: async (browser) => {
    for (const width of WIDTHS) for (const script of [true, false]) await journey(browser, width, script);
  },
  federations: async (browser) => {
    for (const width of WIDTHS) for (const script of [true, false]) await federations(browser, width, script);
  },
  keyboard: async (browser) => {
    for (const width of WIDTHS) await keyboard(browser, width);
  },
  public: async (browser) => {
    for (const width of WIDTHS) for (const language of ["it", "en"]) await publicPages(browser, width, language);
  },
  private: async (browser) => {
    for (const width of WIDTHS) await privatePages(browser, width);
  },
  states: async (browser) => {
    for (const width of WIDTHS) await states(browser, width);
  },
  session: async (browser) => {
    for (const width of WIDTHS) await session(browser, width);
  },
};

await withBrowser(async (browser) => {
  for (const [name, run] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const began = Date.now();
    await run(browser);
    console.log(`${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
});
process.exitCode = finish();
