// The curl commands that make a phone ring, with a button to copy them.

import { freeNumber } from "./adder.js";
import { h, icon, keyed, setText } from "./dom.js";
import { logAddress } from "./words.js";

const COPIED = 1600;

function recipesFor({ app_url: appUrl, app_key: key, phones }) {
  const who = [key && `-H "x-functions-key: ${key}"`, `-d to=${freeNumber(phones)}`].filter(Boolean);
  return [
    { title: "Place a call", words: [`curl ${appUrl}/api/make_call`, ...who, '-d "say=Hello from my laptop"'] },
    { title: "Send a text", words: [`curl ${appUrl}/api/send_sms`, ...who, '-d "body=Your table is ready"'] },
  ];
}

export function createRecipes(list, log) {
  return {
    update(state) {
      keyed(list, recipesFor(state), (recipe) => recipe.title, createRecipe);
      log.href = logAddress(state) ?? "";
      setText(log, `${state.app_url}/api/activity`);
    },
  };
}

function createRecipe({ title }) {
  const command = h("code", { tabindex: "0", "aria-label": `Command: ${title}` });
  const word = h("span", {}, "Copy");
  const button = h(
    "button",
    { type: "button", class: "copy", "aria-label": `Copy: ${title}`, onclick: copy },
    icon("copy"),
    word,
  );
  const element = h(
    "div",
    { class: "recipe" },
    h("div", { class: "recipe-head" }, h("h3", {}, title), button),
    h("pre", {}, command),
  );

  async function copy() {
    try {
      await navigator.clipboard.writeText(command.textContent);
      setText(word, "Copied");
    } catch {
      getSelection().selectAllChildren(command);
      setText(word, "Selected");
    }
    setTimeout(() => setText(word, "Copy"), COPIED);
  }

  return {
    element,
    update: ({ words }) => command.replaceChildren(...words.flatMap((part) => [" ", h("span", {}, part)]).slice(1)),
  };
}
