// One step of a call's TwiML as the person on the phone hears it; requests to the app are in small print.

import { h, icon } from "./dom.js";
import { pathOf, prettyNumber, secondsSince, webAddress } from "./words.js";

const SECONDS_PER_WORD = 0.4;

/**
 * A call's steps, with keys that stay the same when the oldest steps are forgotten, and with voice and language where
 * they change.
 */
export function stepsOf(call) {
  let manner = "";
  return call.steps.map((step) => {
    const key = `${step.at}/${step.verb}`;
    if (step.verb !== "Say") return { ...step, key };
    const before = manner;
    const loop = step.loop === 0 ? "repeated" : step.loop > 1 ? `${step.loop} times` : null;
    manner = [step.voice, step.language, loop].filter(Boolean).join(" · ");
    return { ...step, key, manner: manner === before ? "" : manner };
  });
}

const KINDS = { Say: createSay, Play: createPlay };

export function createStep(first) {
  return (KINDS[first.verb] ?? createNote)(first);
}

/** The words of a Say appear one by one while they are spoken, and all together afterwards. */
function createSay(first) {
  const elapsed = secondsSince(first.at);
  let place = 0;
  const words = first.text
    .split(/(\s+)/)
    .filter(Boolean)
    .map((part) => {
      if (/^\s+$/.test(part)) return part;
      const word = h("span", { class: "word" }, part);
      word.style.animationDelay = `${(place++ * SECONDS_PER_WORD - elapsed).toFixed(2)}s`;
      return word;
    });
  const element = h("div", { class: "step step-say" });
  const language = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(first.language ?? "") ? first.language : null;
  element.append(h("p", { lang: language, dir: "auto" }, ...words));
  if (first.manner) element.append(h("small", {}, first.manner));
  return { element, update: (step) => showState(element, step) };
}

/** The player is created once, so that it continues to play when the call continues. */
function createPlay(first) {
  const words = first.digits ? [`Tones ${first.digits}`] : [icon("note"), audio(first.url)];
  const element = h("div", { class: `step step-${first.digits ? "note" : "play"}` }, ...words);
  return { element, update: (step) => showState(element, step) };
}

function createNote(first) {
  const element = h("div", { class: `step step-${first.verb === "fetch" ? "fetch" : "note"}` });
  return {
    element,
    update(step) {
      element.replaceChildren(...(WORDS[step.verb] ?? otherVerb)(step).filter(Boolean));
      showState(element, step);
    },
  };
}

function showState(element, step) {
  element.classList.toggle("is-now", step.state === "now");
}

const WORDS = {
  Pause: (step) => [`Silence, ${step.length} s`],
  Hangup: () => ["Your app hangs up"],
  Reject: (step) => [`Rejected${step.reason ? `: ${step.reason}` : ""}`],
  Redirect: (step) => ["Continues at ", place(step.url)],
  fetch: fetched,
};

function fetched(step) {
  const answer = step.status ?? (step.state === "now" ? "…" : "no answer");
  const facts = [typeof step.ms === "number" && `${step.ms} ms`, step.signed && "signed", step.detail];
  const mood = step.status < 300 ? "good" : step.state === "now" ? "odd" : "bad";
  return [
    `${step.method} `,
    place(step.url),
    " ",
    h("b", { class: `answer-${mood}` }, String(answer)),
    ...facts.filter(Boolean).map((fact) => ` · ${fact}`),
  ];
}

/** Any other verb: its name, and its details in words. */
function otherVerb(step) {
  return [
    h("b", {}, step.verb),
    step.detail && ` ${step.detail}`,
    step.to && ` ${prettyNumber(step.to)}`,
    step.text && ` “${step.text}”`,
    step.digits && ` ${step.digits}`,
    typeof step.length === "number" && `, ${step.length} s`,
    step.reason && `: ${step.reason}`,
    step.url && h("span", {}, " ", place(step.url)),
  ];
}

function place(url) {
  return h("code", { title: url }, pathOf(url));
}

/** Audio is loaded on request: the page itself sends requests to the emulator only. */
function audio(url) {
  const address = webAddress(url);
  if (!address) return h("span", {}, url ?? "");
  const player = h("audio", {
    controls: true,
    preload: "none",
    src: address.href,
    "aria-label": `Audio ${address.href}`,
  });
  return h(
    "span",
    { class: "recording" },
    h("a", { href: address.href, target: "_blank", rel: "noreferrer" }, url),
    player,
  );
}
