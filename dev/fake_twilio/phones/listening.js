// What the app waits for in a call: keys, speech, or the end of a recording; and the field and microphone for speech.

import { h, icon, setText } from "./dom.js";
import { listeningWords, endOfRecording } from "./line.js";
import { canListen, listen } from "./microphone.js";
import { beep } from "./sound.js";
import { duration } from "./words.js";

const MOST_PLACES = 10;

export function createListening({ speak }) {
  const hint = h("p", { class: "hint", role: "status" });
  const keys = h("output", { class: "keys-pressed", "aria-label": "Keys pressed" });
  const places = h("span", { class: "places", "aria-hidden": "true" });
  const speech = createSpeech(speak);
  const recording = createRecording();
  const element = h(
    "div",
    { class: "listening" },
    h("div", { class: "hint-line" }, hint, recording.time),
    h("div", { class: "keys-line" }, keys, places),
    speech.element,
    recording.element,
  );
  let wait = "";
  let keysBefore = 0;

  return {
    element,
    update(call) {
      const waiting = call.waiting_for ?? null;
      const started = call.steps.findLast((step) => step.verb === waiting?.verb)?.at;
      const next = waiting ? `${call.sid}/${waiting.verb}/${started}` : call.sid;
      if (next !== wait) {
        // Keys that an earlier menu has taken are not shown again in the next one.
        keysBefore = waiting && wait.startsWith(call.sid) ? call.keys.length : 0;
        if (waiting?.verb === "Record" && waiting.beep && wait) beep();
        wait = next;
      }
      const kind = waiting?.verb === "Record" ? "recording" : waiting?.input?.includes("speech") ? "speech" : "keys";
      element.dataset.kind = kind;
      element.classList.toggle("is-waiting", Boolean(waiting));
      setText(hint, listeningWords(call));
      const gathered = call.keys.slice(keysBefore);
      setText(keys, gathered);
      const free = waiting?.num_digits <= MOST_PLACES ? Math.max(0, waiting.num_digits - gathered.length) : 0;
      if (places.childElementCount !== free) places.replaceChildren(...Array.from({ length: free }, () => h("i")));
      speech.element.hidden = kind !== "speech";
      if (kind !== "speech") speech.stop();
      recording.update(kind === "recording" ? waiting : null, started);
    },
  };
}

function createSpeech(speak) {
  const field = h("input", {
    type: "text",
    class: "say-words",
    placeholder: "Type what you say",
    "aria-label": "Type what you say",
    autocomplete: "off",
    enterkeyhint: "send",
  });
  const microphone = h(
    "button",
    {
      type: "button",
      class: "say-button",
      "aria-label": "Speak",
      title: "Speak",
      "aria-pressed": "false",
      onclick: toggle,
    },
    icon("microphone"),
  );
  const element = h(
    "form",
    { class: "say", hidden: true, onsubmit: submit },
    field,
    microphone,
    h("button", { type: "submit", class: "say-button", "aria-label": "Say it" }, icon("send")),
  );
  let stop = null;
  microphone.hidden = !canListen();

  async function submit(event) {
    event?.preventDefault();
    const words = field.value.trim();
    if (words && (await speak(words)) && field.value.trim() === words) field.value = "";
  }

  function toggle() {
    if (stop) return stop();
    microphone.setAttribute("aria-pressed", "true");
    stop = listen({
      onWords(words, isFinal) {
        field.value = words;
        if (isFinal) submit();
      },
      onEnd() {
        stop = null;
        microphone.setAttribute("aria-pressed", "false");
        microphone.hidden = !canListen();
      },
    });
  }

  return { element, stop: () => stop?.() };
}

function createRecording() {
  const elapsed = h("time", { class: "ticking" });
  const limit = h("span", {});
  const time = h("p", { class: "recording-time", hidden: true }, elapsed, limit);
  const how = h("span", {});
  const waves = h("span", { class: "waves", "aria-hidden": "true" }, ...Array.from({ length: 18 }, () => h("i")));
  const element = h("div", { class: "recording-now", hidden: true }, waves, how);
  return {
    element,
    time,
    update(waiting, since) {
      element.hidden = time.hidden = !waiting;
      if (!waiting) return;
      elapsed.dataset.since = since;
      setText(limit, waiting.max_length ? ` of ${duration(waiting.max_length)}` : "");
      setText(how, endOfRecording(waiting));
    },
  };
}
