// A phone: its case with number and switch, and the screen that fits what is going on.

import { createCall, createRinging } from "./call.js";
import { createComposer, createContact } from "./composer.js";
import { h } from "./dom.js";
import { act, keySender } from "./server.js";
import { keyTone } from "./sound.js";
import { stopSpeaking } from "./speech.js";
import { createThread } from "./thread.js";
import { createToast } from "./toast.js";
import { comesIn, logAddress, prettyNumber } from "./words.js";

// Where the colour of a phone begins and where it goes on a screen that rings.
const HUES = [
  [38, 350],
  [215, 275],
  [152, 205],
  [330, 290],
  [80, 35],
  [285, 255],
  [185, 230],
  [12, 330],
];
const ARRIVAL = 500;

const PLACED = ["queued", "initiated", "ringing"];

/** The calls of a phone that somebody is in or has placed, newest first. */
function liveCalls(phone) {
  return phone.calls.filter(
    (call) => call.status === "in-progress" || (PLACED.includes(call.status) && !comesIn(call, phone.number)),
  );
}

export function ringingCall(phone) {
  return phone.calls.find((call) => call.status === "ringing" && comesIn(call, phone.number));
}

export function createPhone({ number }, place, surroundings) {
  let phone = null;
  let textsSeen = null;
  let chosen = null;
  const pending = new Set();

  const toast = createToast();
  const problem = (error) => toast.show(error.message);
  /** Does something, once at a time; tells whether it was done. */
  const once = async (action, body) => {
    if (pending.has(action)) return false;
    pending.add(action);
    const done = await act(number, action, body).then(() => true, problem);
    pending.delete(action);
    return Boolean(done);
  };
  /** The call that is on the screen: the one that the person has chosen, else the newest. */
  const currentCall = () => {
    const live = liveCalls(phone);
    return live.find(({ sid }) => sid === chosen) ?? live[0];
  };
  const sendKey = keySender(number, problem);
  const press = (key) => {
    keyTone(key);
    const button = element.querySelector(`[data-key="${key}"]`);
    button.classList.remove("is-pressed");
    void button.offsetWidth; // starts the animation again
    button.classList.add("is-pressed");
    interrupt("dtmf");
    sendKey(currentCall().sid, key);
  };
  /** A person who answers while the app still asks has heard enough, as Twilio sees it too. */
  const interrupt = (way) => {
    const { sid, waiting_for: waiting } = currentCall();
    if (waiting?.input?.includes(way)) stopSpeaking(sid);
  };
  const hangUp = () => {
    const { sid } = currentCall();
    stopSpeaking(sid);
    return once("hangup", { sid });
  };
  const answer = () => {
    chosen = ringingCall(phone).sid;
    return once("answer", { sid: chosen });
  };
  const decline = () => once("decline", { sid: ringingCall(phone).sid });
  const choose = (sid) => {
    chosen = sid;
    render();
  };

  const ringing = createRinging(number, { answer, decline });
  const speak = (text) => {
    interrupt("speech");
    return once("speech", { text, sid: currentCall().sid });
  };
  const call = createCall(number, { hangUp, press, speak, choose, interrupt });
  const contact = createContact({ call: () => once("call", { to: contact.to() }) });
  const composer = createComposer({ send: (body, media) => once("text", { to: contact.to(), body, media }), problem });
  const thread = createThread(number, (sid) => logAddress(surroundings(), sid));
  const nothing = h("p", { class: "nothing" }, "Nothing here yet");
  const idle = h(
    "section",
    { class: "idle", "aria-label": "Calls and texts" },
    contact.element,
    h("p", { class: "asleep" }, h("b", {}, "Switched off"), "Calls ring out, texts are undelivered"),
    nothing,
    thread.element,
    composer.element,
  );
  const power = h("button", {
    type: "button",
    class: "power",
    role: "switch",
    "aria-label": "Reachable",
    title: "Reachable",
    onclick: () => once("reachable", { reachable: !phone.reachable }),
  });
  const element = h(
    "article",
    { class: "phone is-new", "aria-label": `Phone ${number}`, "data-number": number, tabindex: "0" },
    h("header", { class: "phone-top" }, h("h2", {}, prettyNumber(number)), power),
    h("div", { class: "screen" }, ringing.element, call.element, idle, toast.element),
  );
  const [hue, far] = HUES[place % HUES.length];
  element.style.setProperty("--hue", hue);
  element.style.setProperty("--hue-far", far);
  setTimeout(() => element.classList.remove("is-new"), ARRIVAL);

  /** Does what a key of the keyboard means on this phone now; tells whether it means anything. */
  function takeKey(key) {
    const inCall = currentCall();
    if (key === "a" && ringingCall(phone)) answer();
    else if (key === "d" && ringingCall(phone)) decline();
    else if (key === "h" && inCall) hangUp();
    else if (/^[0-9*#]$/.test(key) && inCall?.status === "in-progress") press(key);
    else return false;
    return true;
  }

  function noticeTexts(isBusy) {
    const fresh = phone.messages.filter(
      (message) => message.direction === "in" && textsSeen && !textsSeen.has(message.sid),
    );
    textsSeen = new Set(phone.messages.map((message) => message.sid));
    if (isBusy && fresh.length > 0) toast.show(`Text from ${prettyNumber(fresh[0].peer)}: ${fresh[0].body}`);
  }

  function render() {
    const { account } = surroundings();
    const rings = ringingCall(phone);
    const live = currentCall();
    element.dataset.state = live ? "call" : rings ? "ringing" : "idle";
    element.classList.toggle("is-off", !phone.reachable);
    power.setAttribute("aria-checked", String(phone.reachable));
    ringing.element.hidden = !rings;
    call.element.hidden = !live;
    idle.hidden = Boolean(rings || live);
    if (rings) ringing.update(rings, account.numbers);
    if (live) call.update(live, liveCalls(phone));
    contact.update(account.numbers, phone.reachable);
    composer.update(phone.reachable);
    thread.update(phone);
    nothing.hidden = thread.element.childElementCount > 0;
    noticeTexts(idle.hidden);
    // What had the focus may be gone from the screen: the phone keeps it, so that the next key still reaches it.
    const focused = document.activeElement;
    if (element.contains(focused) && focused.closest("[hidden]")) element.focus({ preventScroll: true });
  }

  return {
    element,
    takeKey,
    update(next) {
      phone = next;
      render();
    },
  };
}
