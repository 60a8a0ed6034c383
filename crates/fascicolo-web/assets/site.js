// Improves pages that work without it: warns before the session ends, puts the reader on the first error, fills in the
// check number of a QR code, and compares a chosen file with the record without sending it anywhere.
"use strict";

// The reader lands where the answer is: on the summary of what to correct, or on the outcome.
(document.getElementById("errori") ?? document.getElementById("esito"))?.focus();

// The request goes on to the identity provider by itself; the button stays for who has no script.
document.querySelector("form[data-submit-now]")?.submit();

const check = document.querySelector("form[data-verify]");
if (check) {
  const { numero, file, impronta } = check.elements;

  // A QR code brings its number in the fragment, up to the first dot. The server never sees a fragment.
  const [brought] = location.hash.slice(1).split(".");
  if (numero && !numero.value && /^[0-9A-Za-z-]{17,24}$/.test(brought)) {
    numero.value = brought.replaceAll("-", "").replace(/.{4}(?=.)/g, "$&-");
  }

  // The SHA-256 of a chosen file is computed here: with it the file itself need not leave the device.
  const status = check.querySelector("[data-file-status]");
  const say = (text) => { if (status) status.textContent = text ?? ""; };
  file?.addEventListener("change", async () => {
    impronta.value = "";
    const [chosen] = file.files;
    if (!chosen || !window.crypto?.subtle) return say("");
    say(status?.dataset.working);
    try {
      const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
      if (file.files[0] !== chosen) return;
      impronta.value = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      say(status?.dataset.done);
    } catch {
      say(status?.dataset.failed);
    }
  });
  check.addEventListener("submit", () => { if (impronta.value && file.files.length) file.disabled = true; });
  addEventListener("pageshow", () => { if (file) file.disabled = false; });
}

// Two minutes before the session ends, a dialog offers to go on. Pages in other tabs tell when they renewed it.
const dialog = document.querySelector("dialog[data-seconds-left]");
if (dialog?.showModal) {
  const warning = 2 * 60 * 1000;
  const tabs = new BroadcastChannel("session");
  let end = 0;
  let timer = 0;
  const left = () => end - Date.now();
  const watch = () => {
    clearTimeout(timer);
    if (left() <= 0) return location.assign(dialog.dataset.after);
    if (left() <= warning && !dialog.open) dialog.showModal();
    if (left() > warning && dialog.open) dialog.close();
    timer = setTimeout(watch, left() > warning ? left() - warning : left() + 50);
  };
  const renew = (seconds, time) => {
    end = Date.now() + seconds * 1000;
    for (const place of document.querySelectorAll("[data-session-time]")) place.textContent = time;
    watch();
  };
  const told = (page) => {
    const state = page.querySelector("dialog[data-seconds-left]");
    return state && [Number(state.dataset.secondsLeft), page.querySelector("[data-session-time]")?.textContent ?? ""];
  };
  tabs.addEventListener("message", (event) => renew(...event.data));
  dialog.querySelector("[data-continue-now]")?.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(dialog.dataset.continue).catch(() => null);
    const text = answer?.ok && !answer.redirected ? await answer.text() : "";
    const state = told(new DOMParser().parseFromString(text, "text/html"));
    if (!state) return location.assign(dialog.dataset.after);
    tabs.postMessage(state);
    renew(...state);
  });
  document.addEventListener("visibilitychange", watch);
  const state = told(document);
  tabs.postMessage(state);
  renew(...state);
}
