// The whole way: in with SPID, list, read, take away, verify, see who looked, out, and nothing left behind.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { SECURE, SITE, STANDINS, traffic, visitor } from "./browser.mjs";
import { check, equal, step } from "./checks.mjs";
import { login, goToProvider, chooseCitizen } from "./login.mjs";
import { judge, shot } from "./page.mjs";

const CITIZEN = /Giulia Ferrari/;
const path = (page) => new URL(page.url()).pathname;

export async function journey(browser, width, script) {
  const name = `journey at ${width} px ${script ? "with" : "without"} script`;
  const me = await visitor(browser, { width, script });
  const { page, context } = me;
  await step(`${name}: first visit is light`, () => firstVisit(me, name));
  const inside = await step(`${name}: SPID leads in`, async () => {
    await goToProvider(me, SITE);
    check(`${name}: the provider is another site`, new URL(page.url()).hostname !== new URL(SECURE).hostname, page.url());
    await chooseCitizen(me, CITIZEN);
    equal(`${name}: the login ends on the record`, path(page), "/fascicolo");
    check(`${name}: over TLS`, page.url().startsWith(SECURE), page.url());
    await shot(me, "fascicolo");
    return true;
  });
  if (inside) {
    await step(`${name}: cookies are as tight as can be`, () => cookies(me, name));
    const taken = await step(`${name}: a document is read and taken away`, () => takeAway(me, name));
    if (taken) {
      await step(`${name}: the access log tells`, () => accessLog(me, name));
      const codiceFiscale = await step(`${name}: the profile tells who`, () => profile(me));
      if (codiceFiscale) await step(`${name}: anyone verifies it`, () => verify(browser, me, name, { ...taken, codiceFiscale }));
    }
    await step(`${name}: Esci leaves nothing`, () => leave(me, name));
    await step(`${name}: single logout`, () => singleLogout(me, name));
  }
  check(`${name}: no console error, refused policy or other host`, me.faults.length === 0, me.faults.join("\n    "));
  await context.close();
}

/** The home page leads on and weighs little (GEN-P1, GEN-G4). */
async function firstVisit(me, name) {
  const { page } = me;
  const first = await traffic(page, () => page.goto(SITE));
  check(`${name}: first visit at most 80 KB`, first.bytes <= 80 * 1024, `${first.bytes} bytes: ${first.urls.join(", ")}`);
  check(`${name}: first visit at most 8 requests`, first.requests <= 8, first.urls.join(", "));
  const later = await traffic(page, () => page.goto(`${SITE}/come-accedere`));
  check(`${name}: later pages at most 10 KB`, later.bytes <= 10 * 1024, `${later.bytes} bytes: ${later.urls.join(", ")}`);
  check(`${name}: later pages carry HTML alone`, later.bytes === later.html, later.urls.join(", "));
}

/** ACC-S1, and what is left of the pending login (ACC-S5). */
async function cookies({ context }, name) {
  const found = await context.cookies(SECURE);
  const session = found.filter((cookie) => cookie.name === "__Host-fascicolo");
  equal(`${name}: one session cookie`, session.length, 1);
  const [cookie] = session;
  check(`${name}: session cookie HttpOnly, Secure, Lax, for this browser session`,
    cookie.httpOnly && cookie.secure && cookie.sameSite === "Lax" && cookie.expires === -1, JSON.stringify({ ...cookie, value: "" }));
  const pending = found.filter((other) => other.name.startsWith("__Host-accesso-"));
  check(`${name}: the pending login's cookie is gone`, pending.length === 0, pending.map((p) => p.name).join(" "));
}

/** List, reading view, notice, file (REC-R1, REC-R2, REC-R3). */
async function takeAway(me, name) {
  const { page } = me;
  await page.goto(`${SECURE}/fascicolo`);
  await page.locator('a[href="/fascicolo/documenti"]:visible').first().click();
  await page.waitForURL("**/fascicolo/documenti");
  const links = page.locator('main h3 a[href^="/fascicolo/documenti/"]');
  equal(`${name}: twenty documents a page`, await links.count(), 20);
  await shot(me, "documenti");
  const list = await traffic(page, () => page.reload());
  check(`${name}: the list at most 10 KB`, list.bytes <= 10 * 1024, `${list.bytes} bytes: ${list.urls.join(", ")}`);
  const first = await links.evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  await page.locator('a[rel="next"]').click();
  await page.waitForLoadState();
  const second = await links.evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  check(`${name}: the next page shows others`, second.length > 0 && second.every((href) => !first.includes(href)));
  await page.goBack();
  const href = await intact(page, [...first, ...second]);
  await page.goto(`${SECURE}${href}`);
  const title = await page.locator("h1").innerText();
  check(`${name}: the narrative is on the page`, (await page.locator("main article").innerText()).length > 80);
  await shot(me, "documento");
  const number = (await page.locator("#t-verifica ~ .font-monospace").first().innerText()).trim();
  await page.locator(`a[href="${href}/scarica"]`).first().click();
  await page.waitForURL("**/scarica");
  await shot(me, "avviso");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(`form[action="${href}/scarica"] button`).click(),
  ]);
  const file = await download.path();
  const bytes = await readFile(file);
  equal(`${name}: the file is a PDF`, bytes.subarray(0, 5).toString("latin1"), "%PDF-");
  const suggested = download.suggestedFilename();
  check(`${name}: the file's name is neutral`, /\.pdf$/.test(suggested) && !/ferrari|giulia/i.test(suggested), suggested);
  return { href, title, number, bytes, };
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The first of these documents that is whole: readable, signed, neither replaced nor annulled. */
async function intact(page, hrefs) {
  for (const href of hrefs.slice(0, 40)) {
    await page.goto(`${SECURE}${href}`);
    const oddities = await page.locator("main .alert, main .badge").count();
    if (oddities === 0 && (await page.locator("main article").count()) === 1) return href;
  }
  throw new Error("no document without oddities in the first two pages");
}

/** REC-R9. */
async function accessLog(me, name) {
  const { page } = me;
  await page.goto(`${SECURE}/fascicolo/accessi`);
  await shot(me, "accessi");
  const text = await page.locator("main").innerText();
  check(`${name}: the log shows the download`, /scaric/i.test(text), text.slice(0, 600));
  check(`${name}: the log shows the reading`, /(lett|apert|consult|vist)/i.test(text), text.slice(0, 600));
  const rows = await page.locator("main tbody tr").count();
  check(`${name}: a row for the login, each reading and the download`, rows >= 4, rows);
}

/** REC-R12. */
async function profile(me) {
  const { page } = me;
  await page.goto(`${SECURE}/fascicolo/profilo`);
  await shot(me, "profilo");
  const text = await page.locator("main").innerText();
  const found = /\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b/.exec(text);
  if (!found) throw new Error("the profile shows no codice fiscale");
  return found[0];
}

/** A stranger with the paper, and with the file (REC-V1, REC-V2, REC-V4, GEN-G9). */
async function verify(browser, { width, script }, name, { number, codiceFiscale, bytes }) {
  const stranger = await visitor(browser, { width, script });
  const { page } = stranger;
  const ask = async (code, cf, file) => {
    await page.goto(`${SECURE}/verifica-documento`);
    await page.locator("#numero").fill(code);
    await page.locator("#cf").fill(cf);
    if (file) {
      await page.locator('input[type="file"]').setInputFiles({ name: "documento.pdf", mimeType: "application/pdf", buffer: file });
      if (script) {
        await page.waitForFunction(() => document.querySelector("#impronta")?.value.length === 64, null, { timeout: 5000 });
        equal(`${name}: the browser computes the digest`, await page.locator("#impronta").inputValue(), sha256(file));
      }
    }
    await page.locator("main form button[type=submit]").click();
    await page.waitForLoadState();
    const outcome = page.locator("#esito h2");
    return (await outcome.count()) > 0 ? outcome.innerText() : "";
  };
  const exists = await ask(number, codiceFiscale.toLowerCase());
  check(`${name}: the number is found`, /esiste un documento/i.test(exists), exists);
  await shot(stranger, "trovato");
  const whole = await ask(number, codiceFiscale, bytes);
  await shot(stranger, "verificato");
  check(`${name}: the file is found whole`, /integro/i.test(whole) && !/non/i.test(whole), whole);
  const text = await page.locator("main").innerText();
  check(`${name}: the answer names nobody`, !/ferrari|giulia/i.test(text), text.slice(0, 400));
  const elsewhere = await ask(number, "RSSMRA85T10A562S", bytes);
  check(`${name}: another person's number is not found`, /non trovato/i.test(elsewhere), elsewhere);
  const altered = Buffer.from(bytes);
  altered[altered.length >> 1] ^= 1;
  const changed = await ask(number, codiceFiscale, altered);
  check(`${name}: an altered file is not whole`, /non/i.test(changed), changed);
  stranger.expected.add(422);
  await ask(number.replace(/[0-9A-Z]$/, (c) => (c === "0" ? "1" : "0")), codiceFiscale);
  check(`${name}: a typing error is told at once`, (await page.locator('[aria-invalid="true"]').count()) > 0);
  equal(`${name}: what was typed comes back`, await page.locator("#cf").inputValue(), codiceFiscale);
  check(`${name}: nothing wrong in the stranger's browser`, stranger.faults.length === 0, stranger.faults.join("\n    "));
  await stranger.context.close();
}

/** ACC-S3. */
async function leave(me, name) {
  const { page, context } = me;
  await page.goto(`${SECURE}/fascicolo/documenti`);
  await page.locator('form[action="/esci"] button:visible').first().click();
  await page.waitForURL("**/uscita?gestore=*");
  const offer = page.url();
  await shot(me, "uscita");
  const left = (await context.cookies(SECURE)).filter((cookie) => cookie.name === "__Host-fascicolo");
  equal(`${name}: no session cookie is left`, left.length, 0);
  await page.goBack({ waitUntil: "load" }).catch(() => undefined);
  const back = await page.locator("body").innerText();
  check(`${name}: the back button shows nothing`, !/ferrari/i.test(back) && path(page) !== "/fascicolo/documenti", `${page.url()} ${back.slice(0, 200)}`);
  await page.goto(`${SECURE}/fascicolo`);
  equal(`${name}: the record asks to log in again`, path(page), "/accesso");
  await page.goto(offer);
  if (me.script) await judge(me, "left, the provider's session still open"); // axe is a script
}

/** The session of a provider that keeps one: ended after ours, or before it (ACC-S3, SPID-O). */
async function singleLogout(me, name) {
  const { page } = me;
  const inside = async () => {
    await goToProvider(me, SITE);
    await chooseCitizen(me, CITIZEN);
    equal(`${name}: in again`, path(page), "/fascicolo");
  };
  await inside();
  await page.locator('form[action="/esci"] button:visible').first().click();
  await page.waitForURL("**/uscita?gestore=*");
  await page.locator('a[href^="/uscita/gestore"]').click();
  await page.waitForURL("**/uscita?esito=chiusa");
  if (me.script) await judge(me, "the provider's session ended too");
  for (const way of ["redirect", "post"]) {
    await inside();
    await page.goto(`${STANDINS}/idp/bussola/sessioni`);
    await page.locator(`a[href*="/sessioni/${way}/"]`).first().click();
    if (way === "post" && !me.script) { // each side's form has its button
      await page.locator("form button").click();
      await page.locator('form:has(input[name="SAMLResponse"]) button').click();
    }
    await page.waitForURL(`${STANDINS}/idp/bussola/slo*`);
    check(`${name}: the provider takes our reply, ${way}`, /è chiusa/.test(await page.locator("h1").innerText()));
    await page.goto(`${SECURE}/fascicolo`);
    equal(`${name}: the provider ended our session, ${way}`, path(page), "/accesso");
  }
}
