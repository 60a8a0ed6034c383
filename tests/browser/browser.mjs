// The browser, its contexts, and what each context must never do.
import { createRequire } from "node:module";
import { rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(`${process.env.MODULES}/`);
const { chromium } = require("playwright-core");
export const axeSource = require("axe-core").source;

export const SITE = process.env.SITE;
export const SECURE = process.env.SECURE;
export const STANDINS = process.env.STANDINS;
const OURS = new Set([SITE, SECURE].map((address) => new URL(address).origin));

// Flags that keep Chromium from calling home; as root it cannot have its sandbox.
const FLAGS = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

/** Starts Chromium, hands it to `use`, and always closes it. */
export async function withBrowser(use) {
  const downloads = await mkdtemp(join(tmpdir(), "fascicolo-browser-"));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS, chromiumSandbox: process.getuid() !== 0, downloadsPath: downloads, timeout: 60_000,
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
    await rm(downloads, { recursive: true, force: true });
  }
}

/**
 * A fresh visitor. `faults` collects console errors, CSP refusals, failed requests and requests to other hosts;
 * a status the test expects is announced in `expected` beforehand.
 */
export async function visitor(browser, { width = 1280, script = true, language = "it-IT" } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 }, javaScriptEnabled: script, locale: language,
    timezoneId: "Europe/Rome", reducedMotion: "reduce",
  });
  context.setDefaultTimeout(20_000);
  const faults = [];
  const expected = new Set();
  context.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const status = /status of (\d+)/.exec(message.text())?.[1];
    if (status && expected.has(Number(status))) return;
    faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => faults.push(`script error: ${error.error().message}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol === "data:" || OURS.has(url.origin)) return;
    if (url.origin === new URL(STANDINS).origin && request.isNavigationRequest()) return;
    const from = request.frame().url();
    if (from.startsWith(STANDINS)) return; // the stand-ins' own pages are not the product
    faults.push(`other host: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // a navigation that becomes a download, or that the next navigation overtakes, counts as aborted
    if (!why.includes("ERR_ABORTED")) faults.push(`failed: ${request.url()} ${why}`);
  });
  const page = await context.newPage();
  return { context, page, faults, expected, script, width };
}

/** Adds up what the network carried while `act` ran: requests and bytes on the wire. */
export async function traffic(page, act) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const seen = { requests: 0, bytes: 0, html: 0, urls: [] };
  const kinds = new Map();
  const cached = new Set();
  session.on("Network.requestServedFromCache", ({ requestId }) => cached.add(requestId));
  session.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (response.fromDiskCache || cached.has(requestId) || response.url.startsWith("data:")) cached.add(requestId);
    else kinds.set(requestId, { type, url: response.url });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId);
    if (!kind || cached.has(requestId)) return;
    seen.requests += 1;
    seen.bytes += encodedDataLength;
    if (kind.type === "Document") seen.html += encodedDataLength;
    seen.urls.push(`${kind.url} ${encodedDataLength}`);
  });
  await act();
  await page.waitForLoadState("networkidle");
  await session.detach();
  return seen;
}
