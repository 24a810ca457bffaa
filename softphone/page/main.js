// The page: it signs in, and shows what the phone does.

import { Phone } from "./phone.js";
import { KEYS } from "./sounds.js";
import { askForToken, forget, remember, remembered } from "./token.js";
import { clock, nameOf, tidy, warningOf, wordsOf } from "./words.js";

const $ = (id) => document.getElementById(id);
const STATES = { registering: "Connecting", registered: "Ready", unregistered: "Offline", destroyed: "Not signed in" };
const CALL_STATES = {
  pending: "Calling",
  connecting: "Calling",
  ringing: "Ringing",
  open: "In call",
  reconnecting: "Reconnecting",
};
let credentials = remembered();
let ticking = null;

function say(problem = "") {
  $("problem").textContent = problem;
  $("problem").hidden = !problem;
}

const phone = new Phone({
  token: () => askForToken(credentials.identity, credentials.key),
  onState: (state) => {
    $("state").textContent = STATES[state] ?? state;
    document.body.dataset.state = state;
  },
  onProblem: (error) => say(typeof error === "string" ? error : wordsOf(error)),
  onIncoming: showIncoming,
  onCall: showCall,
  onLevels: (input, output) => {
    $("level-in").value = input;
    $("level-out").value = output;
  },
  onWarning: showWarning,
  onDevices: showDevices,
});

async function signIn() {
  say();
  $("state").textContent = "Signing in";
  try {
    await phone.start();
    remember(credentials.identity, credentials.key);
  } catch (error) {
    $("state").textContent = "Not signed in";
    say(error.message);
    return;
  }
  $("sign-in").hidden = true;
  for (const id of ["phone", "devices", "foot"]) $(id).hidden = false;
  $("who").textContent = credentials.identity;
  if (phone.silent) say("Connected to the emulator: calls have no audio here, and the phones page shows what is said.");
  $("to").focus();
}

function showIncoming(call) {
  $("incoming").hidden = !call;
  if (!call) return;
  $("incoming-who").textContent = nameOf(call.parameters.From);
  const more = [...call.customParameters].map(([name, value]) => `${name}: ${value}`);
  $("incoming-more").textContent = more.join(", ");
  $("answer").focus();
}

function showCall(call, state, who) {
  const there = Boolean(call);
  if (!there && $("call").hidden) return;
  if ($("call").hidden === there) {
    $("warnings").replaceChildren();
    $("keys").textContent = "";
    $("clock").textContent = clock(0);
  }
  $("call").hidden = $("mute").hidden = $("hang-up").hidden = !there;
  $("dial").hidden = $("place").hidden = there;
  clearInterval(ticking);
  if (!there) {
    $("to").focus();
    return;
  }
  $("call-state").textContent = CALL_STATES[state] ?? state;
  $("call-who").textContent = nameOf(who);
  $("mute").setAttribute("aria-pressed", String(call.isMuted()));
  $("mute").textContent = call.isMuted() ? "Muted" : "Mute";
  ticking = setInterval(() => {
    if (phone.since) $("clock").textContent = clock((Date.now() - phone.since) / 1000);
  }, 500);
}

function showWarning(name, lasts) {
  const words = warningOf(name, phone.silent);
  document.getElementById(`warning-${name}`)?.remove();
  if (!words || !lasts) return;
  const item = document.createElement("li");
  item.id = `warning-${name}`;
  item.textContent = words;
  $("warnings").append(item);
}

function showDevices({ microphones, speakers, canChooseSpeaker }) {
  fill($("microphone"), microphones);
  fill($("speaker"), speakers);
  $("speaker").disabled = !canChooseSpeaker;
}

function fill(select, devices) {
  const chosen = select.value;
  select.replaceChildren(...devices.map(({ deviceId, label }) => new Option(label || "Standard device", deviceId)));
  if (devices.some(({ deviceId }) => deviceId === chosen)) select.value = chosen;
}

function press(key) {
  if (phone.press(key)) $("keys").textContent += key;
  else if (!phone.call) $("to").value += key;
}

for (const key of KEYS) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: key });
  button.setAttribute("aria-label", { "*": "star", "#": "pound" }[key] ?? key);
  button.addEventListener("click", () => press(key));
  $("pad").append(button);
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea");
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS.includes(event.key)) press(event.key);
});

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  credentials = { identity: $("identity").value, key: $("key").value };
  signIn();
});
$("sign-out").addEventListener("click", () => {
  forget();
  phone.stop();
  location.reload();
});
$("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
  phone.place(tidy($("to").value));
});
$("answer").addEventListener("click", () => phone.answer());
$("reject").addEventListener("click", () => phone.reject());
$("hang-up").addEventListener("click", () => phone.hangUp());
$("mute").addEventListener("click", () => phone.mute());
$("microphone").addEventListener("change", (event) => phone.chooseMicrophone(event.target.value));
$("speaker").addEventListener("change", (event) => phone.chooseSpeaker(event.target.value));
$("test-tone").addEventListener("click", () => phone.playTestTone());
window.addEventListener("beforeunload", (event) => {
  if (phone.call) event.preventDefault();
});

$("identity").value = credentials.identity;
$("key").value = credentials.key;
if (!window.RTCPeerConnection || !navigator.mediaDevices) {
  say("This browser cannot make calls here: it needs WebRTC, and a page with https or on this machine.");
  for (const field of $("sign-in").elements) field.disabled = true;
}
