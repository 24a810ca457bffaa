// One webhook in the panel: a row that opens to show the request and the answer.

import { h } from "./dom.js";
import { replayWebhook, webhookInFull } from "./server.js";
import { exactTime, pathOf, shortSid } from "./words.js";

export function createWebhook(entry) {
  const mood = entry.status === null ? "bad" : entry.status < 300 ? "good" : "odd";
  const details = h("div", { class: "webhook-details", id: `webhook-${entry.id}`, hidden: true });
  const row = h(
    "button",
    {
      type: "button",
      class: "webhook-row",
      "aria-expanded": "false",
      "aria-controls": details.id,
      title: entry.sid ?? "",
      onclick: toggle,
    },
    h("time", {}, exactTime(entry.at)),
    h("b", {}, entry.kind === "twiml" ? "TwiML" : entry.event || entry.kind),
    h("span", { class: `answer is-${mood}` }, entry.status === null ? "no answer" : String(entry.status)),
    h("span", { class: "took" }, `${entry.ms} ms`),
    h("span", { class: "log-where" }, h("code", {}, shortSid(entry.sid)), ` ${entry.method} ${pathOf(entry.url)}`),
    entry.attempt > 1 && h("span", { class: "log-note" }, `attempt ${entry.attempt}`),
    entry.note && h("span", { class: "log-note" }, entry.note),
  );

  async function toggle() {
    details.hidden = !details.hidden;
    row.setAttribute("aria-expanded", String(!details.hidden));
    if (details.hidden || details.childElementCount > 0) return;
    try {
      details.replaceChildren(...inFull(await webhookInFull(entry.id)));
    } catch (error) {
      details.replaceChildren(error.message); // no element, so that opening it again repeats the request
    }
  }

  return { element: h("li", { class: "webhook" }, row, details), update() {} };
}

/** A button whose word tells for a moment what came of it. */
function action(word, done, act) {
  const button = h("button", { type: "button", class: "webhook-action" }, word);
  button.addEventListener("click", async () => {
    button.textContent = await act().then(
      () => done,
      (error) => error.message,
    );
    setTimeout(() => (button.textContent = word), 2000);
  });
  return button;
}

function inFull(webhook) {
  return [
    h(
      "p",
      { class: "webhook-actions" },
      action("Send again", "Sent", () => replayWebhook(webhook.id)),
      action("Copy as curl", "Copied", () => navigator.clipboard.writeText(webhook.curl)),
    ),
    h("p", { class: "webhook-url" }, h("b", {}, webhook.method), " ", h("code", {}, webhook.url)),
    h("dl", {}, ...sent(webhook.parameters)),
    h("h3", {}, webhook.status === null ? "No answer" : `Answered ${webhook.status}`),
    h("p", { class: "webhook-facts" }, facts(webhook)),
    ...webhook.logged_errors.map((words) => h("p", { class: "webhook-error" }, `Your app logged: ${words}`)),
    webhook.text && h("pre", { tabindex: "0", "aria-label": "Answer" }, webhook.text),
  ].filter(Boolean);
}

/** The parameters in the order in which they were sent; the many without a value are in one row at the end. */
function sent(parameters) {
  const empty = parameters.filter(([, value]) => !value).map(([name]) => name);
  const rows = parameters.filter(([, value]) => value);
  if (empty.length > 0) rows.push(["Sent empty", empty.join(", ")]);
  return rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

/** The facts about an answer apart from its text. */
function facts({ attempt, content_type: type, ms, note, size, status, text }) {
  const words = status === null ? [note] : [type, sizeWords(size, text)];
  return [...words, `${ms} ms`, attempt > 1 && `attempt ${attempt}`].filter(Boolean).join(" · ");
}

function sizeWords(size, text) {
  if (size === 0) return "empty";
  if (text === null) return `${size} bytes, not text`;
  return new TextEncoder().encode(text).length < size ? `${size} bytes, of which the first` : `${size} bytes`;
}
