// Placing a call and sending a text message.

import { Problem, request } from "./api.js";
import { field, h, mark, options } from "./dom.js";
import { segments } from "./words.js";

export async function showSend({ place, query, fail }) {
  let kind = query.get("kind") === "message" ? "message" : "call";
  let key = crypto.randomUUID();
  const names = await request("scripts").then(({ body }) => body.items.filter((one) => one.family === "voice").map((one) => one.name), () => []);
  const to = h("input", { id: "to", value: query.get("to") ?? "", required: true, autocomplete: "off" });
  const words = h("textarea", { id: "words", rows: "4" });
  const script = options(h("select", { id: "script" }), [["", "None: say the words above"], ...names.map((name) => [name, name])], query.get("script") ?? "");
  const from = h("input", { id: "from", autocomplete: "off", placeholder: "The app's number" });
  const later = h("input", { id: "later", type: "datetime-local" });
  const counter = h("p", { class: "hint", id: "counter", role: "status" });
  const errors = h("ul", { class: "errors", role: "alert" });
  const curl = h("code", { class: "curl" });
  const send = h("button", { class: "main-button", type: "submit" });
  const callOnly = field("Or run a script", script);
  const textOnly = field("Send later", later, "In your time zone. Needs TWILIO_MESSAGING_SERVICE_SID in the app's settings.");
  const wordsField = field("Words", words);
  const kinds = h(
    "div",
    { class: "row", role: "group", "aria-label": "What to send" },
    ...[["call", "Call"], ["message", "Text message"]].map(([value, text]) =>
      h("button", { type: "button", class: "round", "data-kind": value, onclick: () => change(value) }, text)),
  );

  function body() {
    const fields = { to: to.value.trim() };
    if (from.value.trim()) fields.from = from.value.trim();
    if (kind === "message") {
      fields.body = words.value;
      if (later.value) fields.send_at = new Date(later.value).toISOString();
    } else if (script.value) fields.url = new URL(`twiml/${script.value}`, document.baseURI).href;
    else if (words.value.trim()) fields.say = words.value;
    return fields;
  }
  const controls = { to, from, say: words, body: words, url: script, send_at: later };
  const route = () => (kind === "call" ? "make_call" : "send_sms");

  function redraw() {
    for (const button of kinds.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    callOnly.hidden = kind !== "call";
    textOnly.hidden = kind !== "message";
    wordsField.firstChild.textContent = kind === "call" ? "Say" : "Text";
    send.textContent = kind === "call" ? "Place the call" : later.value ? "Schedule the text message" : "Send the text message";
    const { count, total, odd } = segments(words.value);
    counter.textContent =
      kind === "message" && total ? `${total} characters, ${count} ${count === 1 ? "segment" : "segments"}${odd ? `; with the character ${odd} a segment has 70 characters and not 160` : ""}` : "";
    const data = JSON.stringify(body()).replaceAll("'", "'\\''");
    curl.textContent = `curl ${new URL(route(), document.baseURI).href} -H "x-functions-key: $KEY" -H "content-type: application/json" -d '${data}'`;
  }
  function change(value) {
    kind = value;
    redraw();
  }

  /** A field of the other kind is hidden; an error at it would be invisible. */
  const visible = (control) => control && !control.closest("[hidden]");

  async function submit(event) {
    event.preventDefault();
    errors.replaceChildren();
    for (const control of Object.values(controls)) mark(control);
    send.disabled = true;
    try {
      // The same key while nothing has changed, so that a second try cannot send twice.
      const { body: placed } = await request(route(), { method: "POST", json: body(), headers: { "Idempotency-Key": key } });
      location.hash = `#/activity/${placed.sid}`;
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 401) fail(error);
      else {
        const listed = error.body.errors ?? [{ field: "", detail: error.message }];
        const elsewhere = listed.filter(({ field: name }) => !visible(controls[name]));
        for (const { field: name, detail } of listed) if (visible(controls[name])) mark(controls[name], detail);
        errors.replaceChildren(...elsewhere.map(({ field: name, detail }) => h("li", {}, name ? `${name}: ${detail}` : detail)));
        form.querySelector("[aria-invalid]")?.focus();
      }
    }
    send.disabled = false;
  }

  const form = h(
    "form",
    {
      class: "card narrow",
      onsubmit: submit,
      oninput: () => {
        key = crypto.randomUUID();
        redraw();
      },
    },
    h("h2", {}, "Send"),
    kinds,
    field("To", to, "A number in any usual form; for a call also client:alice."),
    wordsField,
    counter,
    callOnly,
    textOnly,
    field("From", from),
    errors,
    send,
    h("details", {}, h("summary", {}, "The same with curl"), curl),
  );
  place.append(form);
  redraw();
  to.focus();
}
