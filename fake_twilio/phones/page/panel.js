// The panel: the webhooks that the emulator has sent, and the faults that it found in the app.

import { h, keyed, setText } from "./dom.js";
import { errorLink } from "./bubble.js";
import { createWebhook } from "./webhook.js";
import { exactTime, shortSid } from "./words.js";

const SECTIONS = {
  webhooks: {
    title: "Webhooks",
    lead: "Each request of the emulator to your app, and its answer.",
    empty: "None yet. The first call or message causes some.",
  },
  faults: { title: "Faults", lead: "Errors that Twilio would report, mistakes that it ignores, and errors that your app has logged.", empty: "None." },
};

export function createPanel() {
  const panel = document.getElementById("panel");
  const buttons = Object.fromEntries(
    Object.keys(SECTIONS).map((name) => [name, document.getElementById(`show-${name}`)]),
  );
  let shown = null;
  let state = null;

  function show(name) {
    const before = shown;
    shown = name;
    panel.hidden = !shown;
    document.body.classList.toggle("has-panel", Boolean(shown));
    for (const [section, button] of Object.entries(buttons))
      button.setAttribute("aria-expanded", String(section === shown));
    if (!shown) buttons[before]?.focus();
    render();
  }

  function render() {
    if (!state) return;
    for (const [name, button] of Object.entries(buttons)) {
      const count = state[name].length;
      const badge = button.querySelector(".badge");
      setText(badge, count >= 50 ? "50+" : String(count));
      badge.classList.toggle("is-bad", name === "faults" && count > 0);
      document.getElementById(name).hidden = name !== shown;
    }
    if (!shown) return;
    const { title, lead, empty } = SECTIONS[shown];
    setText(document.getElementById("panel-title"), title);
    setText(document.getElementById("panel-lead"), state[shown].length > 0 ? lead : empty);
    const entries = shown === "webhooks" ? createWebhook : createFault;
    document.getElementById("webhook-filter").hidden = shown !== "webhooks";
    const list = shown === "webhooks" ? chosen(state.webhooks) : state.faults;
    keyed(document.getElementById(shown), list, (entry) => JSON.stringify(entry), entries);
  }

  const sid = document.getElementById("webhook-sid");
  const failuresFirst = document.getElementById("failures-first");
  const isFailure = ({ status, note }) => status === null || status >= 400 || Boolean(note);
  /** The webhooks of the SID in the field; failures first, if the person wants that. */
  function chosen(webhooks) {
    const part = sid.value.trim().toLowerCase();
    const fitting = webhooks.filter((one) => (one.sid ?? "").toLowerCase().includes(part));
    if (failuresFirst.getAttribute("aria-pressed") !== "true") return fitting;
    return [...fitting.filter(isFailure), ...fitting.filter((one) => !isFailure(one))];
  }
  sid.addEventListener("input", render);
  failuresFirst.addEventListener("click", () => {
    failuresFirst.setAttribute("aria-pressed", String(failuresFirst.getAttribute("aria-pressed") !== "true"));
    render();
  });

  for (const [name, button] of Object.entries(buttons))
    button.addEventListener("click", () => show(name === shown ? null : name));
  document.getElementById("close-panel").addEventListener("click", () => show(null));
  panel.addEventListener("keydown", (event) => event.key === "Escape" && show(null));

  return {
    update(next) {
      state = next;
      render();
    },
  };
}

function createFault(entry) {
  const element = h(
    "li",
    { class: "log-entry log-fault" },
    h("time", {}, exactTime(entry.at)),
    entry.code ? h("b", {}, errorLink(entry.code)) : h("b", {}, "Fault"),
    h("p", {}, entry.detail),
    entry.sid && h("span", { class: "log-where" }, h("code", { title: entry.sid }, shortSid(entry.sid))),
  );
  return { element, update() {} };
}
