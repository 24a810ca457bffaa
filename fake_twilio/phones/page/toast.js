// A short message at the top of a phone's screen, for a few seconds.

import { h, setText } from "./dom.js";

const SHOWN = 4500;

export function createToast() {
  const element = h("p", { class: "toast", role: "status" });
  let timer = null;
  const show = (words) => {
    setText(element, words);
    element.classList.add("is-shown");
    clearTimeout(timer);
    timer = setTimeout(() => element.classList.remove("is-shown"), SHOWN);
  };
  return { element, show };
}
