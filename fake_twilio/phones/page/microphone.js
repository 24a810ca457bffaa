// Turns speech into text with the browser's own speech recognition, if it has one.

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition ?? null;
// Errors after which trying again is useless; after others (nobody spoke, for example) it may work next time.
const HOPELESS = ["service-not-allowed", "language-not-supported", "network", "audio-capture"];

let works = Recognition !== null;

export function canListen() {
  return works;
}

/**
 * Listens once. `onWords(words, isFinal)` is called with the words so far, `onEnd` at the end for any reason. Returns a
 * function that stops it.
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
