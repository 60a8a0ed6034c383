// The way in by keyboard alone: skip link first, every stop seen, nothing covered.
import { SITE, STANDINS, visitor } from "./browser.mjs";
import { check, equal, step } from "./checks.mjs";
import { focused, tabTo, comeBack } from "./login.mjs";

export async function keyboard(browser, width) {
  const name = `keyboard at ${width} px`;
  const me = await visitor(browser, { width });
  const { page } = me;
  await step(`${name}: the skip link works`, () => skipLink(page, name));
  await step(`${name}: a whole page can be walked`, () => walk(page, name));
  await step(`${name}: login by keyboard`, async () => {
    await page.goto(SITE);
    await tabTo(page, (focus) => focus.href.startsWith("/accesso"));
    await page.keyboard.press("Enter");
    await page.waitForURL("**/accesso*");
    await tabTo(page, (focus) => focus.tag === "SUMMARY" && focus.text.includes("SPID"));
    await page.keyboard.press("Enter");
    await tabTo(page, (focus) => focus.href.includes("/accesso/spid?idp="));
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.href.startsWith(STANDINS));
    await tabTo(page, (focus) => focus.tag === "BUTTON" && /Giulia/.test(focus.text));
    await page.keyboard.press("Enter");
    await comeBack(me);
    equal(`${name}: ends on the record`, new URL(page.url()).pathname, "/fascicolo");
  });
  await step(`${name}: the private home can be walked`, () => walk(page, name, page.url()));
  check(`${name}: nothing wrong on the console`, me.faults.length === 0, me.faults.join("\n    "));
  await me.context.close();
}

async function skipLink(page, name) {
  await page.goto(SITE);
  await page.keyboard.press("Tab");
  const first = await focused(page);
  check(`${name}: the first stop is a skip link that shows`, first?.href.startsWith("#") && first.inView && first.uncovered, JSON.stringify(first));
  await page.keyboard.press("Enter");
  const target = first.href.slice(1);
  check(`${name}: the skip link leads to its place`, new URL(page.url()).hash === `#${target}`, page.url());
  await page.keyboard.press("Tab");
  const inside = await page.evaluate((id) => document.getElementById(id)?.contains(document.activeElement) ||
    Boolean(document.getElementById(id)?.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING), target);
  check(`${name}: the next stop is past it`, inside);
}

/** Tab to the end of the page: at most 60 stops, each seen, none twice in a row, no trap. */
async function walk(page, name, address = SITE) {
  await page.goto(address);
  const seen = [];
  for (let stop = 0; stop < 80; stop += 1) {
    await page.keyboard.press("Tab");
    const focus = await focused(page);
    if (!focus) break;
    if (seen.length > 0 && focus.html === seen[0].html) break;
    seen.push(focus);
  }
  check(`${name}: ${address} has at most 60 stops`, seen.length <= 60, seen.length);
  const bad = seen.filter((focus) => !focus.inView || !focus.uncovered || !focus.ring);
  check(`${name}: every stop of ${address} is seen`, bad.length === 0,
    bad.slice(0, 5).map((f) => `in view ${f.inView}, uncovered ${f.uncovered}, ring ${f.ring}: ${f.html}`).join("\n    "));
}
