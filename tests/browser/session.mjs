// How a session ends by itself (ACC-S2): warned two minutes before, prolonged by one step, over after that.
// Moves the clocks of the sandbox and of the page together, and puts the sandbox's back.
import { SECURE, STANDINS, visitor } from "./browser.mjs";
import { check, equal, step } from "./checks.mjs";
import { login } from "./login.mjs";
import { judge } from "./page.mjs";

async function move(now) {
  const answer = await fetch(`${STANDINS}/clock`, {
    method: "POST", body: new URLSearchParams({ now }), redirect: "manual", signal: AbortSignal.timeout(10_000),
  });
  if (answer.status >= 400) throw new Error(`the clock did not move: ${answer.status}`);
}

export async function session(browser, width) {
  const name = `session at ${width} px`;
  const me = await visitor(browser, { width });
  const { page } = me;
  try {
    await step(`${name}: warned, prolonged, over`, async () => {
      await login(me, SECURE, /Giulia Ferrari/);
      await page.clock.install();
      await page.goto(`${SECURE}/fascicolo/profilo`);
      const later = async (minutes) => {
        await move(`+${minutes}m`);
        await page.clock.runFor(minutes * 60_000);
      };
      const dialog = page.locator("dialog");
      check(`${name}: the page says when it ends`, (await page.locator("[data-session-time]").first().innerText()).length > 2);
      await later(15);
      check(`${name}: no dialog after 15 minutes`, !(await dialog.isVisible()));
      await later(4);
      check(`${name}: the dialog shows a minute before the end`, await dialog.isVisible());
      await judge(me, "session about to end");
      await dialog.locator("a, button").first().click();
      await dialog.waitFor({ state: "hidden" });
      equal(`${name}: going on stays on the page`, new URL(page.url()).pathname, "/fascicolo/profilo");
      await later(19);
      check(`${name}: warned again`, await dialog.isVisible());
      await later(2);
      await page.waitForURL("**/accesso*");
      await judge(me, "session ended");
      await page.goto(`${SECURE}/fascicolo/profilo`);
      equal(`${name}: the page behind the door asks to log in`, new URL(page.url()).pathname, "/accesso");
      check(`${name}: it says what happened`, /sessione/i.test(await page.locator("main").innerText()));
    });
    check(`${name}: nothing wrong on the console`, me.faults.length === 0, me.faults.join("\n    "));
  } finally {
    await move("system");
    await me.context.close();
  }
}
