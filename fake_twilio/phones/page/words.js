// Formats numbers, times and outcomes for the page.

/** +15551234567 as +1 555 123 4567; everything else (other countries, client:alice, sip:…) as it is. */
export function prettyNumber(number) {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts ? `+1 ${parts[1]} ${parts[2]} ${parts[3]}` : number;
}

/** A typed number as Twilio needs it: without spaces, brackets and dashes. */
export function plainNumber(text) {
  return text.replace(/[\s().-]/g, "");
}

const MINUTES = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function clockTime(iso) {
  return MINUTES.format(new Date(iso));
}

export function exactTime(iso) {
  return SECONDS.format(new Date(iso));
}

/** 75 seconds as 1:15. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function secondsSince(iso) {
  return (Date.now() - Date.parse(iso)) / 1000;
}

/** The start and the end of a SID, enough to distinguish two. */
export function shortSid(sid) {
  if (!sid) return "";
  return sid.length > 12 ? `${sid.slice(0, 4)}…${sid.slice(-4)}` : sid;
}

export function errorPage(code) {
  return `https://www.twilio.com/docs/errors/${encodeURIComponent(code)}`;
}

/** A link that a browser may follow, or null: anything but http and https stays text. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

/** The address of the app's log, of one call or of everything; null if the app has no web address. */
export function logAddress({ app_url: appUrl, app_key: key }, sid = null) {
  const url = webAddress(`${appUrl}/api/activity${sid ? `/${encodeURIComponent(sid)}` : ""}`);
  if (url && key) url.searchParams.set("code", key);
  return url?.href ?? null;
}

/** The path of an address, which is enough for addresses of the app. */
export function pathOf(text) {
  return webAddress(text)?.pathname ?? text ?? "";
}

/** The last part of an address, decoded if possible. */
export function fileName(url) {
  const name = url.pathname.split("/").pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const CALL_TITLES = {
  queued: "Call is being placed",
  initiated: "Call is being placed",
  ringing: "Ringing",
  "in-progress": "In a call",
  completed: "Call ended",
  busy: "Call declined",
  "no-answer": "Missed call",
  failed: "Call failed",
  canceled: "Caller hung up",
};

const OUTGOING_TITLES = { "no-answer": "No answer", busy: "Line busy", canceled: "Cancelled" };

/** The title of a call on the phone `number`. */
export function callTitle(call, number) {
  return (!comesIn(call, number) && OUTGOING_TITLES[call.status]) || CALL_TITLES[call.status] || call.status;
}

/** The other number of a call. */
export function callPeer(call, number) {
  return comesIn(call, number) ? call.from : call.to;
}

/** Whether a call comes to this phone; a call that the phone itself has placed (inbound for Twilio) does not. */
export function comesIn(call, number) {
  return call.direction !== "inbound" || call.from !== number;
}
