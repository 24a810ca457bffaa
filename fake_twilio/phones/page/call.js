// The screens of a phone that rings and of a phone in a call.

import { followEnd, h, icon, keyed, setText } from "./dom.js";
import { createStep, stepsOf } from "./steps.js";
import { connectionWords, takesKeys } from "./situation.js";
import { createLines } from "./lines.js";
import { createListening } from "./listening.js";
import { callPeer, comesIn, prettyNumber } from "./words.js";

const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };

/** A round button with a word below it. Screen readers do not get the hint, so that the button's name is one word. */
function roundButton(kind, word, key, onclick) {
  return h(
    "button",
    { type: "button", class: `round round-${kind}`, "aria-keyshortcuts": key, onclick },
    h("span", { class: "disc" }, icon("handset")),
    h("span", { class: "word-below" }, word, h("kbd", { "aria-hidden": "true" }, key)),
  );
}

export function createRinging(number, { answer, decline }) {
  const title = h("p", { class: "caller-what" });
  const peer = h("p", { class: "caller-number" });
  const hint = h("p", { class: "caller-hint" });
  const element = h(
    "section",
    { class: "ringing", role: "group", "aria-label": "Incoming call", hidden: true },
    h("div", { class: "caller" }, h("div", { class: "pulse" }, icon("handset")), title, peer, hint),
    h(
      "div",
      { class: "choices" },
      roundButton("no", "Decline", "D", decline),
      roundButton("yes", "Answer", "A", answer),
    ),
  );
  return {
    element,
    update(call, ours) {
      const from = callPeer(call, number);
      setText(title, "Incoming call");
      setText(peer, prettyNumber(from));
      setText(hint, ours.includes(from) ? "your app" : "");
    },
  };
}

export function createCall(number, { hangUp, press, speak, choose, interrupt }) {
  const what = h("p", { class: "talk-what" });
  const peer = h("p", { class: "talk-number" });
  const connection = h("p", { class: "talk-connection" });
  const clock = h("time", { class: "talk-clock ticking" });
  const lines = createLines(number, choose);
  const captions = h("div", { class: "captions", role: "log", "aria-label": "What you hear", tabindex: "0" });
  const { renew } = followEnd(captions);
  let heard = 0;
  const listening = createListening({ speak, interrupt });
  const keypad = h(
    "div",
    { class: "keypad", role: "group", "aria-label": "Keypad" },
    ...[..."123456789*0#"].map((key) => keyButton(key, press)),
  );
  const element = h(
    "section",
    { class: "talk", role: "group", "aria-label": "Call", hidden: true },
    lines.element,
    h(
      "div",
      { class: "talk-head" },
      h("div", {}, what, peer),
      h(
        "div",
        { class: "talk-side" },
        h("span", { class: "bars", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i")),
        clock,
      ),
    ),
    connection,
    captions,
    listening.element,
    keypad,
    h("div", { class: "choices" }, roundButton("no", "Hang up", "H", hangUp)),
  );
  return {
    element,
    update(call, live) {
      const ringsOut = call.status !== "in-progress";
      setText(what, ringsOut ? "Calling" : comesIn(call, number) ? "Call from" : "Call to");
      setText(peer, prettyNumber(callPeer(call, number)));
      setText(connection, connectionWords(call, number));
      lines.update(live, call);
      if (call.answered) clock.dataset.since = call.answered;
      else delete clock.dataset.since;
      element.classList.toggle(
        "has-sound",
        call.waiting_for?.verb === "Record" ||
          call.steps.some((step) => step.state === "now" && (step.verb === "Say" || step.verb === "Play")),
      );
      listening.update(call);
      keypad.classList.toggle("is-unheard", !takesKeys(call.waiting_for));
      const steps = stepsOf(call);
      keyed(captions, steps, (step) => `${call.sid}/${step.key}`, createStep);
      if (steps.length !== heard) renew();
      heard = steps.length;
    },
  };
}

function keyButton(key, press) {
  return h(
    "button",
    { type: "button", class: "key", "data-key": key, onclick: () => press(key) },
    key,
    LETTERS[key] && h("small", { "aria-hidden": "true" }, LETTERS[key]),
  );
}
