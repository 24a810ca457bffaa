// Times, numbers and statuses as people read them.

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const longTime = (text) => (text ? TIME.format(new Date(text)) : "");
export const shortTime = (text) => (text ? SHORT.format(new Date(text)) : "");

export function duration(seconds) {
  if (seconds === undefined || seconds === null) return "";
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.round(seconds * 10) / 10} s`;
}

const GOOD = new Set(["completed", "delivered", "received", "read", "settled"]);
const BAD = new Set(["failed", "undelivered", "busy", "no-answer", "canceled", "not_sent", "unknown"]);

export function mood(status) {
  if (GOOD.has(status)) return "good";
  return BAD.has(status) ? "bad" : "going";
}

export const outbound = (item) => (item.direction ?? "").startsWith("outbound");
export const other = (item) => (outbound(item) ? item.to : item.from) ?? "";

// https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding
const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const WIDE = new Set("\f^{}\\[~]|€");

/** How many segments a text has, and the first character that needs the wide encoding. */
export function segments(text) {
  const odd = [...text].find((letter) => !GSM.has(letter) && !WIDE.has(letter));
  const units = odd
    ? [...text].map((letter) => letter.length)
    : [...text].map((letter) => (WIDE.has(letter) ? 2 : 1));
  const [single, several] = odd ? [70, 67] : [160, 153];
  const total = units.reduce((sum, unit) => sum + unit, 0);
  if (total <= single) return { count: text ? 1 : 0, total, odd };
  let count = 1;
  let used = 0;
  for (const unit of units) {
    if (used + unit > several) {
      count += 1;
      used = 0;
    }
    used += unit;
  }
  return { count, total, odd };
}
