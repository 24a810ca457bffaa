// The phones page: receives the emulator's state and shows it.

import { createAdder } from "./adder.js";
import { createAnnouncer } from "./announcer.js";
import { createPhone, ringingCall } from "./device.js";
import { keyed, setText } from "./dom.js";
import { allowShortcuts, listenForKeys } from "./keyboard.js";
import { createPanel } from "./panel.js";
import { createRecipes } from "./recipes.js";
import { follow } from "./server.js";
import { allowRingTone, ring } from "./sound.js";
import { allowSpeech, speakFor } from "./speech.js";
import { duration, prettyNumber, secondsSince } from "./words.js";

const byId = (id) => document.getElementById(id);
const grid = byId("phones");
const dock = byId("dock");
const panel = createPanel();
const recipes = createRecipes(byId("recipes"), byId("activity"));
const announce = createAnnouncer(byId("announcer"));
const adder = createAdder();
grid.append(adder.element); // the phones come before it
const takesKeys = listenForKeys(grid);
let state = null;
let scheduled = false;

follow({
  onState(next) {
    state = next;
    setConnected(true);
    if (scheduled) return;
    scheduled = true;
    setTimeout(render); // not an animation frame: a page in the background gets none, but its phones must ring
  },
  onLost: () => setConnected(false),
});

function render() {
  scheduled = false;
  const { phones } = state;
  const placeOf = (phone) => phones.findIndex(({ number }) => number === phone.number);
  keyed(
    grid,
    phones,
    (phone) => phone.number,
    (phone) => takesKeys(createPhone(phone, placeOf(phone), () => state)),
  );
  adder.update(state);
  byId("welcome").hidden = phones.length > 0;
  byId("try-it").hidden = !state.app_url;
  setText(byId("try-it-title"), phones.length > 0 ? "Ring another phone" : "Or paste one of these in a terminal");
  panel.update(state);
  recipes.update(state);
  const ringing = phones.filter(ringingCall);
  ring(ringing.length > 0);
  document.title = ringing.length > 0 ? `${prettyNumber(ringing[0].number)} is ringing` : "Phones";
  speakFor(phones);
  announce(state);
  renewClocks();
  renewDock();
}

function setConnected(connected) {
  document.body.classList.toggle("is-lost", !connected);
  setText(byId("lost"), connected ? "" : "Connection lost, trying again");
  if (!connected) ring(false);
}

function renewClocks() {
  for (const clock of document.querySelectorAll(".ticking")) {
    setText(clock, clock.dataset.since ? duration(secondsSince(clock.dataset.since)) : "");
  }
}
setInterval(renewClocks, 500);

/** Names a ringing phone that is outside the window at the edge of the window. */
function renewDock() {
  const unseen = [...grid.querySelectorAll('[data-state="ringing"]')].find((phone) => {
    const { top, bottom } = phone.getBoundingClientRect();
    return bottom < 160 || top > innerHeight - 160;
  });
  dock.hidden = !unseen;
  if (!unseen) return;
  setText(dock.lastElementChild, `${unseen.querySelector("h2").textContent} is ringing`);
  dock.onclick = () => {
    unseen.scrollIntoView({ block: "center" });
    unseen.focus({ preventScroll: true });
  };
}
addEventListener("scroll", renewDock, { passive: true });
addEventListener("resize", renewDock, { passive: true });

/** The browser's storage, if the person allows it. */
const storage = (() => {
  try {
    return localStorage;
  } catch {
    return null;
  }
})();

/** A switch in the bar that the browser remembers. */
function rememberedSwitch(id, change) {
  const button = byId(id);
  const set = (on) => {
    button.setAttribute("aria-pressed", String(on));
    change(on);
  };
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    set(on);
    storage?.setItem(id, on ? "on" : "off");
  });
  set(storage?.getItem(id) !== "off");
}
rememberedSwitch("ring-tone", allowRingTone);
rememberedSwitch("speak-aloud", allowSpeech);
rememberedSwitch("shortcuts", allowShortcuts);
