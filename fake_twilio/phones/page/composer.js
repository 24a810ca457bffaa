// Calling and texting the app: a choice of the account's numbers, a call button, a field for a message with a picture.

import { h, icon, setText } from "./dom.js";
import { prettyNumber, webAddress } from "./words.js";

const TALLEST = 120;

/** The head of an idle phone: the account's number, or a choice of numbers, and the call button. */
export function createContact({ call }) {
  const only = h("b", { class: "contact-number" });
  const choice = h("select", { class: "contact-number", "aria-label": "Call and text this number" });
  const button = h(
    "button",
    { type: "button", class: "call-button", "aria-label": "Call your app", title: "Call your app", onclick: call },
    icon("handset"),
  );
  let numbers = [];
  return {
    element: h(
      "div",
      { class: "contact" },
      h("div", { class: "contact-words" }, only, choice, h("small", {}, "your app")),
      button,
    ),
    to: () => choice.value,
    update(ours, reachable) {
      button.disabled = !reachable;
      if (ours.join() === numbers.join()) return;
      const before = choice.value;
      numbers = ours;
      choice.replaceChildren(...ours.map((number) => h("option", { value: number }, prettyNumber(number))));
      if (ours.includes(before)) choice.value = before;
      setText(only, prettyNumber(ours[0] ?? ""));
      only.hidden = ours.length > 1;
      choice.hidden = ours.length < 2;
    },
  };
}

/** The field at the end of a thread. `send(body, media)` returns whether the message was sent. */
export function createComposer({ send, problem }) {
  const body = h("textarea", {
    class: "compose-body",
    rows: "1",
    placeholder: "Text message",
    "aria-label": "Text message",
    enterkeyhint: "send",
    oninput: grow,
    onkeydown: onKey,
  });
  const picture = h("input", {
    type: "url",
    class: "compose-picture",
    placeholder: "https://… address of a picture",
    "aria-label": "Address of a picture",
    autocomplete: "off",
    hidden: true,
    oninput: renew,
    onkeydown: onKey,
  });
  const attach = h(
    "button",
    {
      type: "button",
      class: "compose-attach",
      "aria-label": "Add a picture",
      title: "Add a picture",
      "aria-expanded": "false",
      onclick: togglePicture,
    },
    icon("picture"),
  );
  const button = h("button", { type: "submit", class: "compose-send", "aria-label": "Send" }, icon("send"));
  const element = h(
    "form",
    { class: "composer", novalidate: true, onsubmit: submit },
    picture,
    h("div", { class: "compose-line" }, attach, body, button),
  );
  let reachable = true;
  let sending = false;

  function renew() {
    const nothing = !body.value.trim() && !picture.value.trim();
    button.disabled = nothing || !reachable;
  }

  /** Makes the field as tall as its text. */
  function grow() {
    body.style.height = "";
    const edges = body.offsetHeight - body.clientHeight;
    if (body.value) body.style.height = `${Math.min(body.scrollHeight + edges, TALLEST)}px`;
    renew();
  }

  function onKey(event) {
    if (event.key === "Escape" && !picture.hidden) togglePicture();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element.requestSubmit();
  }

  function togglePicture() {
    picture.hidden = !picture.hidden;
    if (picture.hidden) picture.value = "";
    attach.setAttribute("aria-expanded", String(!picture.hidden));
    (picture.hidden ? body : picture).focus();
    renew();
  }

  async function submit(event) {
    event.preventDefault();
    const address = picture.value.trim();
    if (sending || button.disabled) return;
    if (address && !webAddress(address)) {
      problem(new Error("The address of a picture starts with http:// or https://"));
      picture.focus();
      return;
    }
    const words = body.value;
    sending = true;
    const sent = await send(words.trim(), address ? [address] : []);
    sending = false;
    if (!sent) return;
    if (body.value === words) body.value = "";
    if (!picture.hidden && picture.value.trim() === address) togglePicture();
    grow();
  }

  renew();
  return {
    element,
    update(isReachable) {
      reachable = isReachable;
      body.disabled = attach.disabled = !reachable;
      renew();
    },
  };
}
