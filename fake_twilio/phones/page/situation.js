// The situation of a call in words: who is at the other end, and what the app waits for.

import { comesIn, prettyNumber } from "./words.js";

const ALL_KEYS = "0123456789*#";

/** What the phone is connected to: the app, other phones, a queue or a conference. */
export function connectionWords(call, number) {
  if (call.status !== "in-progress") return comesIn(call, number) ? "" : "Ringing";
  if (call.verification) return "Twilio verifies this number";
  const others = listOf(call.connected_to.map(unbroken));
  if (call.conference) return `In the conference “${call.conference}” ${others ? `with ${others}` : "alone"}`;
  if (others) return `Connected to ${others}`;
  if (call.queue) return `On hold in the queue “${call.queue}”`;
  const dial = call.steps.findLast((step) => step.verb === "Dial" && step.state === "now");
  return dial ? `Your app dials ${prettyNumber(dial.detail)}` : "Your app is on the line";
}

function unbroken(number) {
  return prettyNumber(number).replaceAll(" ", "\u00a0");
}

/** Whether speech is expected: by a Gather with speech input, or by a recording. */
export function takesSpeech(waiting) {
  return waiting?.verb === "Record" || Boolean(waiting?.input.includes("speech"));
}

/** Whether keys are expected: by a Gather with keys, or by a recording. */
export function takesKeys(waiting) {
  return waiting?.verb === "Record" || Boolean(waiting?.input.includes("dtmf"));
}

/** What the app waits for now, as an instruction for the person. */
export function listeningWords(call) {
  const waiting = call.waiting_for;
  if (!waiting) return unheard(call);
  if (waiting.verb === "Record") return `Recording, ${endOfRecording(waiting.finish_on_key)}`;
  const ways = [
    waiting.input.includes("dtmf") && keysWords(waiting),
    waiting.input.includes("speech") && "say something",
  ];
  const words = ways.filter(Boolean).join(" or ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function endOfRecording(keys) {
  if (!keys || keys === "-1") return "hang up to end";
  if (ALL_KEYS.split("").every((key) => keys.includes(key))) return "press any key to end";
  return `press ${listOf(keys.split(""), "or")} to end`;
}

function keysWords({ num_digits: count, finish_on_key: end }) {
  if (count) return `press ${count} ${count === 1 ? "digit" : "digits"}`;
  return end ? `press digits, then ${end}` : "press digits";
}

function unheard(call) {
  if (call.status !== "in-progress") return "";
  const last = call.steps.at(-1);
  return last?.verb === "fetch" && last.state === "now"
    ? "Asking your app for the next TwiML"
    : "Nothing listens for keys now";
}

function listOf(words, and = "and") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${and} ${words.at(-1)}`;
}
