// The sad ways: what the provider answers wrongly on purpose, pages that do not exist, forms typed wrong.
import { SECURE, visitor } from "./browser.mjs";
import { check, equal, step } from "./checks.mjs";
import { goToProvider, login } from "./login.mjs";
import { judge } from "./page.mjs";

const CITIZEN = /Giulia Ferrari/;

export async function states(browser, width) {
  await anomalies(browser, width);
  await refusedPeople(browser, width);
  await errors(browser, width);
}

/** Every wrong answer the provider can give on purpose: our page, 403, no session (SPID-E, SPID-R16). */
async function anomalies(browser, width) {
  const all = await step("the provider offers wrong answers", async () => {
    const me = await visitor(browser, { width });
    await login(me, SECURE, CITIZEN); // so that there is a good answer to repeat
    await me.context.clearCookies();
    await goToProvider(me, SECURE);
    const values = await me.page.locator('button[name="errore"]').evaluateAll((buttons) => buttons.map((b) => b.value));
    await me.context.close();
    if (values.length < 20) throw new Error(`only ${values.length}: ${values.join(", ")}`);
    return values;
  });
  const judged = new Set();
  for (const value of all ?? []) {
    const me = await visitor(browser, { width });
    me.expected.add(403);
    await step(`wrong answer ${value}`, async () => {
      await goToProvider(me, SECURE);
      await me.page.locator("details:has(button[name=errore]) > summary").click();
      const [answer] = await Promise.all([
        me.page.waitForResponse((response) => new URL(response.url()).pathname === "/spid/acs"),
        me.page.locator(`button[name="errore"][value="${value}"]`).click(),
      ]);
      equal(`${value} answers 403`, answer.status(), 403);
      await me.page.waitForLoadState();
      const cookies = await me.context.cookies(SECURE);
      check(`${value} opens no session`, !cookies.some((cookie) => cookie.name === "__Host-fascicolo"));
      const text = await me.page.locator("main").innerText();
      check(`${value} gives a report number`, /\b[A-Z0-9]{1,4}-[A-Z0-9]{2,}/.test(text), text.slice(0, 300));
      const heading = await me.page.locator("h1").innerText(); // most refusals share one page
      if (!judged.has(heading)) await judge(me, `wrong answer ${value}`);
      judged.add(heading);
    });
    check(`${value}: nothing else on the console`, me.faults.length === 0, me.faults.join("\n    "));
    await me.context.close();
  }
}

/** People whom the rules refuse: a page that says why, and no session (ACC-A6). */
async function refusedPeople(browser, width) {
  for (const name of [/Luca Ferrari/]) {
    const me = await visitor(browser, { width });
    me.expected.add(403);
    await step(`${name} is refused with a page`, async () => {
      await login(me, SECURE, name);
      const cookies = await me.context.cookies(SECURE);
      check(`${name} gets no session`, !cookies.some((cookie) => cookie.name === "__Host-fascicolo"));
      await judge(me, `refused ${name.source}`);
    });
    check(`${name}: nothing else on the console`, me.faults.length === 0, me.faults.join("\n    "));
    await me.context.close();
  }
}

/** GEN-G5, GEN-G9. */
async function errors(browser, width) {
  const me = await visitor(browser, { width });
  for (const status of [403, 404, 405, 422]) me.expected.add(status);
  await step("a page that does not exist", async () => {
    const answer = await me.page.goto(`${SECURE}/non-esiste`);
    equal("an unknown address answers 404", answer.status(), 404);
    await judge(me, "not found");
  });
  await step("an empty verification", async () => {
    await me.page.goto(`${SECURE}/verifica-documento`);
    await me.page.locator("main form button[type=submit]").click();
    await me.page.waitForLoadState();
    check("an empty form says what is missing", (await me.page.locator('[aria-invalid="true"]').count()) > 0);
    await judge(me, "verification with errors");
  });
  await step("a verification that finds nothing", async () => {
    await me.page.goto(`${SECURE}/verifica-documento`);
    await me.page.locator("#numero").fill("12345678");
    await me.page.locator("#cf").fill("RSSMRA85T10A562S");
    await me.page.locator("main form button[type=submit]").click();
    await me.page.waitForLoadState();
    await judge(me, "verification without result");
  });
  await step("wrong filters", async () => {
    await login(me, SECURE, CITIZEN);
    const answer = await me.page.goto(`${SECURE}/fascicolo/documenti/00000000-0000-7000-8000-000000000000`);
    equal("somebody else's document answers 404", answer.status(), 404);
    await judge(me, "document not found");
    await me.page.goto(`${SECURE}/fascicolo/documenti?filtri=1`);
    await me.page.locator("#parole").fill("parola che non c'è");
    await me.page.locator("#filtri button[type=submit]").click();
    await me.page.waitForLoadState();
    await judge(me, "no document with these filters");
  });
  await step("a record without documents, and one of nobody here", async () => {
    for (const who of (process.env.MORE_CITIZENS ?? "").split(",").filter(Boolean)) {
      const other = await visitor(browser, { width });
      await login(other, SECURE, new RegExp(who));
      await judge(other, `home of ${who}`);
      await other.page.goto(`${SECURE}/fascicolo/documenti`);
      await judge(other, `list of ${who}`);
      await other.context.close();
    }
  });
  check(`error pages at ${width} px: nothing else on the console`, me.faults.length === 0, me.faults.join("\n    "));
  await me.context.close();
}
