// The history of a phone: its messages as bubbles and its calls between them, oldest first.

import { createBubble } from "./bubble.js";
import { followEnd, h, icon, keyed, setText } from "./dom.js";
import { recordingAddress } from "./server.js";
import { createStep, stepsOf } from "./steps.js";
import { callPeer, callTitle, clockTime, comesIn, duration, prettyNumber } from "./words.js";

const AT_FIRST = 40;
const MORE = 100;
const LIVE = ["ringing", "in-progress"];

/** `logOf` returns the address of the app's log of a call. */
export function createThread(number, logOf) {
  const list = h("div", { class: "thread-list", role: "log", "aria-label": "Messages", tabindex: "0" });
  const pill = h("button", { type: "button", class: "new-message", hidden: true }, "New message");
  const { renew, toEnd } = followEnd(list, () => (pill.hidden = true));
  pill.addEventListener("click", () => {
    toEnd();
    list.focus({ preventScroll: true });
  });
  let newestText = null;
  let newest = null;
  let room = AT_FIRST;
  let latest = null;

  function update(phone) {
    latest = phone;
    const calls = phone.calls.filter((call) => !LIVE.includes(call.status));
    const all = [
      ...phone.messages.map((message) => ({ ...message, shape: "text" })),
      ...calls.map((call) => ({ ...call, shape: "call", at: call.ended ?? call.started })),
    ].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
    const items = all.slice(-room);
    let peer = null;
    for (const item of items) {
      item.firstOfPeer = item.peer !== peer;
      peer = item.peer;
    }
    if (items.length < all.length) items.unshift({ sid: "earlier", shape: "earlier" });
    const showMore = () => {
      room += MORE;
      update(latest);
      list.focus();
    };
    const make = {
      text: createBubble,
      call: () => createCallEntry(number, logOf),
      earlier: () => createEarlier(showMore),
    };
    keyed(
      list,
      items,
      (item) => item.sid,
      (item) => make[item.shape](),
    );
    newest = openNewest(list, calls.find((call) => call.ended)?.sid ?? null, newest);
    const text = phone.messages.at(-1)?.sid ?? null;
    if (!renew() && text !== newestText) pill.hidden = false;
    newestText = text;
  }

  return { element: list, pill, update };
}

function createEarlier(showMore) {
  return { element: h("button", { type: "button", class: "earlier", onclick: showMore }, "Show earlier"), update() {} };
}

/** The summary of the latest call is open until the next one. */
function openNewest(list, sid, before) {
  if (sid === before) return before;
  for (const entry of list.querySelectorAll(".call-entry")) {
    if (entry.dataset.sid === before) entry.open = false;
    if (entry.dataset.sid === sid) entry.open = true;
  }
  return sid;
}

function createCallEntry(number, logOf) {
  const title = h("b", {});
  const peer = h("span", { class: "call-peer" });
  const length = h("span", { class: "call-length" });
  const time = h("time", {});
  const steps = h("div", { class: "call-steps" });
  const recordings = h("div", { class: "call-recordings" });
  const facts = h("p", { class: "call-facts" });
  const element = h(
    "details",
    { class: "call-entry" },
    h(
      "summary",
      {},
      h("span", { class: "call-sign" }, icon("handset")),
      h("span", { class: "call-words" }, title, peer),
      h("span", { class: "call-when" }, length, time),
    ),
    steps,
    recordings,
    facts,
  );
  return {
    element,
    update(call) {
      element.dataset.sid = call.sid;
      element.dataset.status = call.status;
      setText(title, callTitle(call, number));
      setText(peer, `${comesIn(call, number) ? "" : "to "}${prettyNumber(callPeer(call, number))}`);
      setText(length, call.duration ? duration(call.duration) : "");
      setText(time, clockTime(call.at));
      keyed(steps, stepsOf(call), (step) => step.key, createStep);
      keyed(recordings, call.recordings ?? [], (recording) => recording.sid, createRecording);
      const log = logOf(call.sid);
      facts.replaceChildren(h("code", {}, call.status), call.keys ? ` Keys ${call.keys} ` : " ");
      const about = { href: log, target: "_blank", rel: "noreferrer", title: call.sid };
      if (log) facts.append(h("a", about, "The app’s log of this call"));
    },
  };
}

function createRecording({ sid }) {
  const length = h("span", { class: "recording-length" });
  const player = h("audio", {
    controls: true,
    preload: "metadata",
    src: recordingAddress(sid),
    "aria-label": "Recording",
  });
  const element = h(
    "div",
    { class: "call-recording", title: sid },
    h("p", {}, h("b", {}, "Recording"), length),
    player,
  );
  return {
    element,
    update: ({ duration: seconds }) => setText(length, typeof seconds === "number" ? ` ${duration(seconds)}` : ""),
  };
}
