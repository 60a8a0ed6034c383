// Getting in and out through the real pages, by pointer or by keyboard.
import { STANDINS } from "./browser.mjs";

/** From any page of the site to the provider's page, by the links a person would follow. */
export async function goToProvider({ page, script }, from) {
  await page.goto(from);
  await page.locator('a[href^="/accesso"]:visible').first().click();
  await page.waitForURL("**/accesso*");
  await page.locator('main details:has(a[href*="/accesso/spid?idp="]) > summary').click();
  const providers = await page.locator('a[href*="/accesso/spid?idp="]').evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  if (providers.length === 0) throw new Error("no provider on the login page");
  await page.locator(`a[href="${providers.sort()[0]}"]`).click(); // their order changes, ours does not
  await handOver({ page, script });
}

/** The page that posts to the provider: goes by itself with script, by its button without. */
export async function handOver({ page, script }) {
  const form = page.locator('form:has(input[name="SAMLRequest"])');
  if (!script && (await form.count()) > 0) await form.locator("button").click();
  await page.waitForURL((url) => url.href.startsWith(STANDINS));
}

/** On the provider's page: the citizen's button, then back to the site. */
export async function chooseCitizen({ page, script }, name) {
  await page.getByRole("button", { name }).first().click();
  await comeBack({ page, script });
}

/** The provider's answer is a form too: it posts itself with script. */
export async function comeBack({ page, script }) {
  const form = page.locator('form:has(input[name="SAMLResponse"])');
  if (!script && (await form.count()) > 0) await form.locator("button").click();
  await page.waitForURL((url) => !url.href.startsWith(STANDINS));
  await page.waitForLoadState();
}

export async function login(visitor, from, name) {
  await goToProvider(visitor, from);
  await chooseCitizen(visitor, name);
}

/** Tab until `wanted` says the focused element is it; every stop must be seen. Returns the stops it took. */
export async function tabTo(page, wanted, limit = 60) {
  for (let stop = 1; stop <= limit; stop += 1) {
    await page.keyboard.press("Tab");
    const focus = await focused(page);
    if (focus && wanted(focus)) return { stop, focus };
  }
  throw new Error(`nothing fitting within ${limit} Tab stops`);
}

export async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const at = document.elementFromPoint(box.left + Math.min(box.width / 2, 5), box.top + box.height / 2);
    return {
      tag: element.tagName, text: (element.innerText ?? element.value ?? "").trim(), href: element.getAttribute("href") ?? "",
      inView: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      uncovered: Boolean(at) && (element.contains(at) || at.contains(element)),
      ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
      html: element.outerHTML.slice(0, 140),
    };
  });
}
