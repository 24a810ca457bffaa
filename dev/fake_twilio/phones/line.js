// What goes on in a call, in words: who is on the other end, and what the app waits for.

import { comesIn, prettyNumber } from "./words.js";

const ALL_KEYS = "0123456789*#";

/** Whom the phone is connected to: the app, other phones, a queue, a conference. */
export function connectionWords(call, number) {
  const others = listOf((call.connected_to ?? []).map(prettyNumber));
  if (call.status !== "in-progress") return comesIn(call, number) ? "" : "Ringing";
  if (call.conference) return `In the conference “${call.conference}” ${others ? `with ${others}` : "alone"}`;
  if (others) return `Connected to ${others}`;
  if (call.queue) return `On hold in the queue “${call.queue}”`;
  return "Your app is on the line";
}

/** What the person is to do now, as far as the app waits for something. */
export function listeningWords(call) {
  const waiting = call.waiting_for;
  if (!waiting) return unheard(call);
  if (waiting.verb === "Record") return "Recording";
  const ways = [waiting.input.includes("dtmf") && keysWords(waiting), waiting.input.includes("speech") && "say something"];
  const words = ways.filter(Boolean).join(" or ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function endOfRecording({ finish_on_key: keys }) {
  if (!keys) return "Hang up to end";
  if (ALL_KEYS.split("").every((key) => keys.includes(key))) return "Press any key to end";
  return `Press ${listOf(keys.split(""), "or")} to end`;
}

function keysWords({ num_digits: count, finish_on_key: end }) {
  if (count) return `press ${count} ${count === 1 ? "digit" : "digits"}`;
  return end ? `press digits, then ${end}` : "press digits";
}

function unheard(call) {
  if (call.status !== "in-progress") return "";
  if (call.steps.at(-1)?.verb === "fetch" && call.steps.at(-1).state === "now") return "Asking your app what comes next";
  return "Nothing listens for keys now";
}

function listOf(words, and = "and") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${and} ${words.at(-1)}`;
}
