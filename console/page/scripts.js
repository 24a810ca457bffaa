// Scripts: the list, and one with its editor.

import { Problem, request } from "./api.js";
import { field, h } from "./dom.js";
import { longTime } from "./words.js";

const EXAMPLE = [{ verb: "Say", text: "Hello {{From}}" }];

export async function showScripts({ place }) {
  const { body } = await request("scripts");
  const name = h("input", { required: true, pattern: "[a-z0-9-]{1,64}", autocomplete: "off" });
  place.append(
    h("h2", {}, "Scripts"),
    h("p", { class: "hint" }, "call and text answer inbound calls and messages; call- and text- with a number's digits are for that number."),
    body.items.length
      ? h("ul", { class: "list" }, body.items.map((one) => h("li", {}, h("a", { href: `#/scripts/${one.name}` }, one.name), h("span", { class: "hint" }, ` ${one.family}, ${longTime(one.updated)}`))))
      : h("p", {}, "There is no script yet."),
    h(
      "form",
      {
        class: "filters",
        onsubmit: (event) => {
          event.preventDefault();
          location.hash = `#/scripts/${name.value}`;
        },
      },
      field("New script", name, "1 to 64 of a-z, 0-9 and -"),
      h("button", { class: "quiet-button", type: "submit" }, "Write it"),
    ),
  );
}

export async function showScript({ place, fail }, name) {
  const route = `scripts/${encodeURIComponent(name)}`;
  let etag = null;
  let stored = EXAMPLE;
  let voice = false;
  try {
    const { body, headers } = await request(route);
    [stored, etag, voice] = [body.script, headers.get("etag"), body.family === "voice"];
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const source = h("textarea", { rows: "18", spellcheck: "false", class: "code" });
  source.value = JSON.stringify(stored, null, 2);
  const result = h("div", { role: "status" });
  const errors = h("ul", { class: "errors", role: "alert" });

  const put = async (query, headers) => {
    errors.replaceChildren();
    let json;
    try {
      json = JSON.parse(source.value);
    } catch (error) {
      errors.replaceChildren(h("li", {}, `This is no JSON: ${error.message}`));
      return null;
    }
    try {
      return await request(`${route}${query}`, { method: "PUT", json, headers });
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 401) fail(error);
      else if (error.status === 412)
        errors.replaceChildren(h("li", {}, "Somebody has changed this script since you opened it. Copy your text, and open it again."));
      else {
        const listed = error.body.errors ?? [{ field: "", detail: error.message }];
        errors.replaceChildren(...listed.map((one) => h("li", {}, one.field ? `${one.field}: ${one.detail}` : one.detail)));
      }
      return null;
    }
  };
  const show = (words, body) => {
    const warnings = (body.warnings ?? []).map((one) => h("li", {}, `${one.field}: ${one.detail}`));
    result.replaceChildren(
      h("p", {}, words),
      warnings.length ? h("ul", { class: "errors" }, warnings) : "",
      h("pre", { class: "code", tabindex: "0" }, body.twiml ?? ""),
    );
  };
  const check = async () => {
    const answer = await put("?dry_run=true", {});
    if (answer) show("This is valid. Twilio gets:", answer.body);
    else result.replaceChildren();
  };
  const save = async () => {
    const answer = await put("", etag ? { "If-Match": etag } : { "If-None-Match": "*" });
    if (!answer) return;
    etag = answer.headers.get("etag");
    show("Saved. Twilio gets:", answer.body);
    if (answer.body.family === "voice") result.append(callWith(name));
  };
  const remove = async () => {
    if (!confirm(`Remove the script ${name}?`)) return;
    try {
      await request(route, { method: "DELETE", headers: etag ? { "If-Match": etag } : {} });
      location.hash = "#/scripts";
    } catch (error) {
      fail(error);
    }
  };
  place.append(
    h("p", { class: "label" }, h("a", { href: "#/scripts" }, "Scripts"), ` / ${name}`),
    h("h2", {}, name),
    field("Script", source, "A list of verbs as JSON. {{From}} and other fields of Twilio's request are filled in."),
    errors,
    h(
      "div",
      { class: "row" },
      h("button", { class: "round is-good", type: "button", onclick: save }, "Save"),
      h("button", { class: "round", type: "button", onclick: check }, "Check"),
      h("button", { class: "round", type: "button", onclick: remove }, "Remove"),
    ),
    result,
  );
  if (voice) result.append(callWith(name));
}

const callWith = (name) => h("p", {}, h("a", { class: "quiet-button", href: `#/send?kind=call&script=${encodeURIComponent(name)}` }, "Call with this script"));
