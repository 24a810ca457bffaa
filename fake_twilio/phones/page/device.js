// A phone: its case with number and switch, and the screen for its state.

import { createCall, createRinging } from "./call.js";
import { createComposer, createContact } from "./composer.js";
import { h, icon } from "./dom.js";
import { act, keySender } from "./server.js";
import { keyTone } from "./sound.js";
import { stopSpeaking } from "./speech.js";
import { createThread } from "./thread.js";
import { createToast } from "./toast.js";
import { comesIn, logAddress, prettyNumber } from "./words.js";

// The colour of a phone, and the second colour of its ringing screen.
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

/** The calls of a phone that are in progress or were placed on it, newest first. */
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
  /** Does something unless it is being done already; returns whether it was done. */
  const once = async (action, body) => {
    if (pending.has(action)) return false;
    pending.add(action);
    const done = await act(number, action, body).then(() => true, problem);
    pending.delete(action);
    return Boolean(done);
  };
  /** The call on the screen: the one that the person has chosen, else the newest. */
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
  /** Input during the prompt of a Gather ends the prompt, as at Twilio. */
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
    { class: "idle", role: "group", "aria-label": "Calls and texts" },
    contact.element,
    h("p", { class: "asleep" }, h("b", {}, "Switched off"), "Calls are not answered, messages are undelivered"),
    nothing,
    thread.element,
    thread.pill,
    composer.element,
  );
  const power = h("button", {
    type: "button",
    class: "power",
    role: "switch",
    onclick: () => once("reachable", { reachable: !phone.reachable }),
  }, h("span", { class: "power-track" }), "Reachable");
  const small = (word, picture, action) =>
    h(
      "button",
      { type: "button", class: "phone-tool", "aria-label": word, title: word, onclick: () => once(action) },
      icon(picture),
    );
  const tools = [small("Clear thread", "bin", "clear"), small("Close phone", "cross", "close")];
  const element = h(
    "article",
    { class: "phone is-new", "aria-label": `Phone ${number}`, "data-number": number, tabindex: "0" },
    h("header", { class: "phone-top" }, h("h2", {}, prettyNumber(number)), ...tools, power),
    h("div", { class: "screen" }, ringing.element, call.element, idle, toast.element),
  );
  const [hue, far] = HUES[place % HUES.length];
  element.style.setProperty("--hue", hue);
  element.style.setProperty("--hue-far", far);
  setTimeout(() => element.classList.remove("is-new"), ARRIVAL);

  /** Handles a key of the keyboard; returns whether it means anything on this phone now. */
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
    for (const tool of tools) tool.hidden = idle.hidden;
    if (rings) ringing.update(rings, account.numbers);
    if (live) call.update(live, liveCalls(phone));
    contact.update(account.numbers, phone.reachable);
    composer.update(phone.reachable);
    thread.update(phone);
    nothing.hidden = thread.element.childElementCount > 0;
    noticeTexts(idle.hidden);
    // The focused element may be hidden now: focus the phone, so that the next key still reaches it.
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
