// Speaking in a call: typed, or into the microphone if the browser has speech recognition.

import { h, icon } from "./dom.js";
import { canListen, listen } from "./microphone.js";

/** `speak(words)` returns whether something listened; `interrupt` is called when the person starts to talk. */
export function createSpeaking(speak, interrupt) {
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
      hidden: !canListen(),
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

  async function submit(event) {
    event?.preventDefault();
    const words = field.value.trim();
    if (words && (await speak(words)) && field.value.trim() === words) field.value = "";
  }

  function toggle() {
    if (stop) return stop();
    interrupt("speech");
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

  return {
    element,
    show(isWanted) {
      element.hidden = !isWanted;
      if (!isWanted) stop?.();
    },
  };
}
