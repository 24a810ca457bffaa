// What the app waits for in a call: keys, speech, or the end of a recording; and the input so far.

import { h, setText } from "./dom.js";
import { listeningWords, takesSpeech } from "./situation.js";
import { beep } from "./sound.js";
import { createSpeaking } from "./speaking.js";

const MOST_PLACES = 10;

export function createListening({ speak, interrupt }) {
  const hint = h("p", { class: "hint", role: "status" });
  const elapsed = h("time", { class: "recorded ticking" });
  const keys = h("output", { class: "keys-pressed", "aria-label": "Keys pressed" });
  const places = h("span", { class: "places", "aria-hidden": "true" });
  const speaking = createSpeaking(speak, interrupt);
  const element = h(
    "div",
    { class: "listening" },
    hint,
    elapsed,
    h("div", { class: "keys-line" }, keys, places),
    speaking.element,
  );
  let wait = "";
  let keysBefore = 0;

  return {
    element,
    update(call) {
      const waiting = call.waiting_for;
      const since = call.steps.findLast((step) => step.verb === waiting?.verb)?.at;
      const recording = waiting?.verb === "Record";
      const next = waiting ? `${call.sid}/${waiting.verb}/${since}` : call.sid;
      if (next !== wait) {
        // Keys for an earlier menu are not shown in the next one.
        keysBefore = waiting && wait.startsWith(call.sid) ? call.keys.length : 0;
        if (recording && waiting.beep) beep();
        wait = next;
      }
      element.classList.toggle("is-waiting", Boolean(waiting));
      element.classList.toggle("is-recording", recording);
      element.classList.toggle("takes-speech", takesSpeech(waiting));
      setText(hint, listeningWords(call));
      elapsed.hidden = !recording;
      if (recording) elapsed.dataset.since = since;
      const gathered = call.keys.slice(keysBefore);
      setText(keys, gathered);
      const free = waiting?.num_digits <= MOST_PLACES ? Math.max(0, waiting.num_digits - gathered.length) : 0;
      if (places.childElementCount !== free) places.replaceChildren(...Array.from({ length: free }, () => h("i")));
      speaking.show(takesSpeech(waiting));
    },
  };
}
