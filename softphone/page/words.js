// What the SDK's errors and warnings mean, and what to do.

const ERRORS = {
  20101: "Twilio does not accept the access token. Check TWILIO_API_KEY and TWILIO_API_SECRET of the app.",
  20104: "The access token has ended. Sign in again.",
  20151: "Twilio does not accept the access token. Check TWILIO_API_KEY and TWILIO_API_SECRET of the app.",
  31000: "The connection to Twilio was lost.",
  31002: "The call was declined: this access token allows no calls, or TWILIO_TWIML_APP_SID is wrong.",
  31005: "The connection to Twilio was lost.",
  31009: "There is no connection to Twilio at the moment. Try again in a few seconds.",
  31201: "This access token allows no incoming calls.",
  31401: "The browser may not use the microphone. Allow it for this page, beside the address, and call again.",
  31402: "No microphone was found. Connect one and call again.",
  53000: "The connection to Twilio was lost.",
  53405: "No audio gets through. A firewall may block UDP.",
};

/** What an error of the SDK means to the person who calls. */
export function wordsOf(error) {
  return ERRORS[error.code] ?? `${error.message ?? "The call failed."} (code ${error.code ?? "unknown"})`;
}

const WARNINGS = {
  "high-rtt": "The other side hears you late.",
  "high-jitter": "The audio is uneven.",
  "low-mos": "The audio is poor.",
  "high-packet-loss": "Parts of the audio are lost.",
  "high-packets-lost-fraction": "Parts of the audio are lost.",
  "low-bytes-received": "Nothing is heard from the other side.",
  "low-bytes-sent": "The other side hears nothing from you.",
  "ice-connectivity-lost": "The audio connection is lost.",
  "constant-audio-input-level": "The microphone seems to be silent.",
};
const SILENCE = new Set(["low-bytes-received", "low-bytes-sent", "constant-audio-input-level"]);

/** What a warning means; null for one that says nothing, or nothing new where there is no audio anyway. */
export function warningOf(name, silent) {
  return silent && SILENCE.has(name) ? null : (WARNINGS[name] ?? null);
}

/** The other side of a call in words: a number, or a client's name. */
export function nameOf(address) {
  return (address ?? "").replace(/^client:/, "") || "Unknown caller";
}

/** A number as people paste it, without what only makes it readable; other addresses unchanged. */
export function tidy(text) {
  const trimmed = text.trim();
  return /^(client|script):/.test(trimmed) ? trimmed : trimmed.replace(/^tel:/i, "");
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor(seconds / 60) % 60).padStart(hours ? 2 : 1, "0");
  return `${hours ? `${hours}:` : ""}${minutes}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
}
