// Every page there is, found by its links: judged by axe and by the rules for all pages, at both widths, no dead link.
import { SECURE, visitor } from "./browser.mjs";
import { check, step } from "./checks.mjs";
import { login } from "./login.mjs";
import { judge } from "./page.mjs";

const MOST = 60;

/** Follows local links from `starts`; `wanted` says which to open. Judges each page once at the visitor's width. */
async function crawl(me, starts, wanted, label) {
  const queue = [...starts];
  const known = new Set(queue);
  let opened = 0;
  while (queue.length > 0 && opened < MOST) {
    const at = queue.shift();
    opened += 1;
    const links = await step(`${label} ${at}`, async () => {
      const answer = await me.page.goto(`${SECURE}${at}`);
      check(`${label} ${at} answers 200`, answer.status() === 200, answer.status());
      if (!(answer.headers()["content-type"] ?? "").startsWith("text/html")) return [];
      await judge(me, `${label} ${plain(at)}`);
      return me.page.locator("a[href]").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    });
    for (const href of links ?? []) {
      const url = new URL(href, `${SECURE}${at}`);
      const local = url.pathname + url.search;
      if (url.origin !== SECURE || known.has(local) || !wanted(url)) continue;
      known.add(local);
      queue.push(local);
    }
  }
  check(`${label}: fewer than ${MOST} pages`, queue.length === 0, `${queue.length} left`);
  return known;
}

/** A name for a page that does not change from run to run. */
const plain = (address) => address.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "id").replace(/([?&](?:dopo|after|prima)=)[^&]*/g, "$1…");

export async function publicPages(browser, width, language) {
  const me = await visitor(browser, { width });
  await me.page.goto(`${SECURE}/?lang=${language}`);
  const contract = ["/", "/come-accedere", "/minori-e-tutelati", "/contatti", "/privacy", "/accessibilita", "/accesso",
    "/accesso?livello=3&ritorno=/fascicolo/accessi", "/verifica-documento", "/uscita"];
  const isPage = (url) => !url.searchParams.has("lang") && !/^\/(accesso\/|fascicolo|risorse|assets|lingua)/.test(url.pathname) && !/\.(txt|xml|svg|css|js|woff2|pdf|json)$/.test(url.pathname);
  await step("public pages", () => crawl(me, contract, isPage, `public ${language}`));
  check(`public pages at ${width} px in ${language}: nothing on the console`, me.faults.length === 0, me.faults.slice(0, 10).join("\n    "));
  await me.context.close();
}

export async function privatePages(browser, width) {
  const me = await visitor(browser, { width });
  await step("private pages", async () => {
    await login(me, SECURE, /Giulia Ferrari/);
    let documents = 0;
    let notices = 0;
    const wanted = (url) => {
      if (!url.pathname.startsWith("/fascicolo") || url.searchParams.has("lang")) return false;
      if (/\/scarica$/.test(url.pathname)) return (notices += 1) <= 2;
      if (/^\/fascicolo\/documenti\/./.test(url.pathname)) return (documents += 1) <= 14;
      return true;
    };
    await crawl(me, ["/fascicolo", "/fascicolo/documenti", "/fascicolo/documenti?filtri=1", "/fascicolo/accessi", "/fascicolo/profilo"], wanted, "private");
  });
  check(`private pages at ${width} px: nothing on the console`, me.faults.length === 0, me.faults.slice(0, 10).join("\n    "));
  await me.context.close();
}
