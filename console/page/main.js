// The page: signs in, and shows the page that the address names.

import { forgetKey, hasKey, Problem, setKey } from "./api.js";
import { showActivity } from "./activity.js";
import { h } from "./dom.js";
import { showItem } from "./item.js";
import { showScript, showScripts } from "./scripts.js";
import { showSend } from "./send.js";

const main = document.getElementById("main");
const problem = document.getElementById("problem");
let leave = () => {};
let visit = 0;

export function say(words = "") {
  problem.textContent = words;
  problem.hidden = !words;
}

function pageOf(path) {
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  if (name === "activity" && rest[0]) return ["Activity", (to) => showItem(to, rest[0])];
  if (name === "send") return ["Send", showSend];
  if (name === "scripts" && rest[0]) return ["Scripts", (to) => showScript(to, rest[0])];
  if (name === "scripts") return ["Scripts", showScripts];
  return ["Activity", showActivity];
}

async function show() {
  leave();
  leave = () => {};
  say();
  const mine = (visit += 1);
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, page] = pageOf(path);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.textContent === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name} – Console`;
  const place = h("div", { class: "page" });
  main.replaceChildren(place);
  const context = { place, query: new URLSearchParams(query), fail, recovered: () => say(), isShown: () => mine === visit };
  try {
    const left = await page(context);
    if (mine !== visit) left?.();
    else if (left) leave = left;
  } catch (error) {
    if (mine === visit) fail(error);
  }
}

/** Shows an error in words; without a valid key, asks for one. */
function fail(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 401) signIn(hasKey());
  else say(error.message);
}

function signIn(again) {
  leave();
  leave = () => {};
  // An answer that arrives later would replace the form while somebody types.
  visit += 1;
  forgetKey();
  document.getElementById("sign-out").hidden = true;
  const key = h("input", { id: "key", type: "password", autocomplete: "off", required: true, "aria-describedby": "key-hint" });
  const form = h(
    "form",
    {
      class: "card narrow",
      onsubmit: (event) => {
        event.preventDefault();
        setKey(key.value);
        document.getElementById("sign-out").hidden = false;
        show();
      },
    },
    h("h2", {}, "Sign in"),
    h("label", { for: "key" }, "Function key"),
    key,
    h("p", { class: "hint", id: "key-hint" }, "A key of the app that opens all of its functions. It stays in this tab until you sign out."),
    h("button", { class: "main-button", type: "submit" }, "Sign in"),
  );
  main.replaceChildren(form);
  say(again ? "This function key is not accepted." : "");
  key.focus();
}

document.getElementById("sign-out").addEventListener("click", () => signIn(false));
document.getElementById("sign-out").hidden = !hasKey();
addEventListener("hashchange", show);
show();
