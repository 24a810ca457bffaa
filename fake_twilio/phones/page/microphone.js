// What a person says into the microphone, as words: the browser's own recognition, where there is one.

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition ?? null;
// The browser cannot do it here at all; anything else (nobody spoke, a moment without network) may work next time.
const HOPELESS = ["service-not-allowed", "language-not-supported", "network", "audio-capture"];

let works = Recognition !== null;

export function canListen() {
  return works;
}

/**
 * Listens once. `onWords(words, isFinal)` is told what has been understood so far; `onEnd` that it is over, whatever the
 * reason. Returns what stops it.
 */
export function listen({ onWords, onEnd }) {
  const recognition = new Recognition();
  recognition.lang = navigator.language;
  recognition.interimResults = true;
  recognition.addEventListener("result", ({ results }) => {
    const words = [...results].map((result) => result[0].transcript).join("");
    onWords(words.trim(), results[results.length - 1].isFinal);
  });
  recognition.addEventListener("error", ({ error }) => {
    if (HOPELESS.includes(error)) works = false;
  });
  recognition.addEventListener("end", onEnd);
  try {
    recognition.start();
  } catch {
    works = false;
    onEnd();
  }
  return () => recognition.abort();
}
