// One call, message or conference: its times drawn to scale, and its events.

import { request } from "./api.js";
import { h } from "./dom.js";
import { duration, longTime, mood, outbound } from "./words.js";

const SECONDS = 2;
const SID = /^(CA|SM|MM|CF)[0-9a-f]{32}$/;

export async function showItem({ place, isShown, fail, recovered }, sid) {
  let shown = "";
  let timer;
  const draw = async () => {
    const { body: item } = await request(`activity/${encodeURIComponent(sid)}`);
    const text = JSON.stringify(item);
    if (text !== shown) {
      shown = text;
      const open = new Set([...place.querySelectorAll("details[open]")].map((details) => details.dataset.key));
      place.replaceChildren(...parts(item));
      for (const details of place.querySelectorAll("details")) details.open = open.has(details.dataset.key);
    }
    return item.final;
  };
  let failed = false;
  const update = async () => {
    let final = false;
    try {
      final = await draw();
      if (failed && isShown()) recovered();
      failed = false;
    } catch (error) {
      if (!isShown()) return;
      fail(error);
      if (!error.isTemporary) return;
      failed = true;
    }
    if (!final && isShown()) timer = setTimeout(update, SECONDS * 1000);
  };
  await update();
  return () => clearTimeout(timer);
}

function parts(item) {
  const facts = [
    ["From", item.from],
    ["To", item.to],
    ["Started", longTime(item.started)],
    ["Answered", longTime(item.answered)],
    ["Answered by", item.answered_by],
    ["Ended", longTime(item.ended)],
    ["Duration", item.kind === "message" ? "" : duration(item.duration)],
    ["Segments", item.segments],
    ["Sent as", item.settled_as],
  ];
  const again = outbound(item) && item.to && item.kind !== "conference";
  return [
    h("p", { class: "label" }, h("a", { href: "#/activity" }, "Activity"), ` / ${item.sid}`),
    h("h2", {}, `${item.kind[0].toUpperCase()}${item.kind.slice(1)} `, h("span", { class: `pill is-${mood(item.status)}`, role: "status" }, item.status)),
    item.error &&
      h("p", { class: "notice" }, `${item.error.message} `, h("a", { href: item.error.more_info, rel: "noreferrer" }, `Twilio's error ${item.error.code}`)),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, linked(String(value)))))),
    bars(item),
    h("h3", {}, "Events"),
    h("ol", { class: "events" }, item.events.map((event, place) => eventOf(event, item, place))),
    again && h("p", {}, h("a", { class: "quiet-button", href: `#/send?kind=${item.kind}&to=${encodeURIComponent(item.to)}` }, item.kind === "call" ? "Call again" : "Write again")),
  ].filter(Boolean);
}

/** What lasted how long, to scale. */
function bars(item) {
  const start = Date.parse(item.started);
  const end = Date.parse(item.ended ?? "") || Math.max(...item.events.map((event) => Date.parse(event.at ?? event.received ?? "") || start));
  if (item.kind !== "call" || !(end > start)) return null;
  const answered = Date.parse(item.answered ?? "");
  const spans = answered ? [["Ringing", start, answered], ["In call", answered, end]] : [["Ringing", start, end]];
  const whole = end - start;
  const drawn = spans.map(([name, from, to], place) => {
    const bar = h("div", { class: `span span-${place}` }, h("span", {}, `${name} ${duration((to - from) / 1000)}`));
    bar.style.flexGrow = String(Math.max((to - from) / whole, 0.001));
    return bar;
  });
  return h("div", { class: "bars", role: "img", "aria-label": spans.map(([name, from, to]) => `${name} ${duration((to - from) / 1000)}`).join(", ") }, drawn);
}

function eventOf(event, item, place) {
  const after = (Date.parse(event.at ?? event.received) - Date.parse(item.started)) / 1000;
  const fields = Object.entries(event.fields ?? {});
  return h(
    "li",
    {},
    h("span", { class: "when", title: longTime(event.at ?? event.received) }, Number.isFinite(after) ? `+${duration(Math.max(after, 0))}` : ""),
    h("span", {}, event.status ? h("span", { class: `pill is-${mood(event.status)}` }, event.status) : event.what, event.settled && " (asked Twilio)"),
    fields.length > 0 && h("details", { "data-key": String(place) }, h("summary", {}, `${fields.length} fields`), h("dl", { class: "facts" }, fields.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, linked(value)))))),
  );
}

/** A SID of the log as a link to its page. */
function linked(value) {
  return SID.test(value) ? h("a", { href: `#/activity/${value}` }, value) : value;
}
