// In with CIE by OpenID Connect and out again, and from abroad to the page that tells the next step (CIE-20, CIE-27, SPID-X).
import { SECURE, visitor } from "./browser.mjs";
import { check, equal, step } from "./checks.mjs";
import { chooseCitizen, handOver } from "./login.mjs";
import { judge } from "./page.mjs";

const CITIZEN = /Giulia Ferrari/;

export async function federations(browser, width, script) {
  const label = `${width} px${script ? "" : ", no script"}`;
  await cie(browser, { width, script }, label);
  await abroad(browser, { width, script }, label);
}

/** By the button of the login page, to the provider. */
async function go(me, button) {
  await me.page.goto(`${SECURE}/accesso`);
  await me.page.getByRole("link", { name: button }).click();
  await handOver(me);
}

async function cie(browser, how, label) {
  const me = await visitor(browser, how);
  await step(`CIE, ${label}`, async () => {
    await go(me, "Entra con CIE");
    await chooseCitizen(me, CITIZEN);
    check(`CIE opens the record, ${label}`, me.page.url().startsWith(`${SECURE}/fascicolo`), me.page.url());
    await me.page.goto(`${SECURE}/fascicolo/profilo`);
    check(`the profile says CIE, ${label}`, /CIE/.test(await me.page.locator("main").innerText()));
    await me.page.locator('form[action="/esci"] button:visible').first().click();
    await me.page.waitForURL("**/uscita*"); // the provider keeps no session that could be ended too (CIE-27)
    await me.page.goto(`${SECURE}/fascicolo`);
    check(`out, ${label}`, me.page.url().startsWith(`${SECURE}/accesso`), me.page.url());
  });
  check(`CIE, ${label}: nothing on the console`, me.faults.length === 0, me.faults.join("\n    "));
  await me.context.close();
}

async function abroad(browser, how, label) {
  const me = await visitor(browser, how);
  me.expected.add(403);
  await step(`eIDAS, ${label}`, async () => {
    await go(me, "Login with eIDAS");
    await chooseCitizen(me, CITIZEN);
    const text = await me.page.locator("main").innerText();
    check(`a number for the desk, ${label}`, /\bE-[0-9A-Z]{4}-[0-9A-Z]{4}\b/.test(text), text);
    const cookies = await me.context.cookies(SECURE);
    equal(`no session, ${label}`, cookies.filter((cookie) => cookie.name === "__Host-fascicolo").length, 0);
    if (how.script) await judge(me, "from abroad");
  });
  check(`eIDAS, ${label}: nothing else on the console`, me.faults.length === 0, me.faults.join("\n    "));
  await me.context.close();
}
