// Adds a phone that the app has not called or texted yet, so that it can call and text the app.

import { h, icon, setText } from "./dom.js";
import { addPhone } from "./server.js";
import { plainNumber } from "./words.js";

const NUMBER = /^\+[1-9]\d{6,14}$/;

/** The first invented number that is not a phone yet. */
export function freeNumber(phones) {
  const taken = new Set(phones.map((phone) => phone.number));
  let next = 15551234567;
  while (taken.has(`+${next}`)) next += 1;
  return `+${next}`;
}

export function createAdder() {
  const field = h("input", {
    type: "tel",
    class: "adder-number",
    "aria-label": "Number of the new phone",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => setText(problem, ""),
  });
  const problem = h("p", { class: "adder-problem", role: "alert" });
  const element = h(
    "form",
    { class: "adder", onsubmit: add },
    h("span", { class: "adder-sign", "aria-hidden": "true" }, icon("plus")),
    field,
    h("button", { type: "submit", class: "adder-button" }, "Add a phone"),
    h("p", { class: "adder-note" }, "Any number you like. It can call and text your app."),
    problem,
  );
  let proposal = "";

  async function add(event) {
    event.preventDefault();
    const number = plainNumber(field.value);
    try {
      if (!NUMBER.test(number)) throw new Error("A number starts with + and the country code, like +15551234567");
      await addPhone(number);
      showPhone(number);
    } catch (error) {
      setText(problem, error.message);
      field.focus();
    }
  }

  return {
    element,
    /** Proposes a free number, unless the person has started to type another one. */
    update({ phones }) {
      if (field.value === proposal || phones.some(({ number }) => number === plainNumber(field.value)))
        field.value = freeNumber(phones);
      proposal = freeNumber(phones);
    },
  };
}

/** Scrolls to the new phone as soon as the next state contains it. */
function showPhone(number, tries = 40) {
  const phone = [...document.querySelectorAll(".phone")].find((element) => element.dataset.number === number);
  if (!phone) {
    if (tries > 0) setTimeout(() => showPhone(number, tries - 1), 50);
    return;
  }
  phone.scrollIntoView({ block: "nearest" });
  phone.focus({ preventScroll: true });
}
