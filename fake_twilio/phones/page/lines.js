// Several calls on one phone: a button for each call shows it. With one call there are no buttons.

import { h, keyed, setText } from "./dom.js";
import { callPeer, prettyNumber } from "./words.js";

export function createLines(number, choose) {
  const element = h("div", { class: "lines", role: "group", "aria-label": "Calls on this phone", hidden: true });
  return {
    element,
    /** `calls` has the newest first, the buttons have the oldest first. */
    update(calls, current) {
      element.hidden = calls.length < 2;
      const lines = (element.hidden ? [] : calls.toReversed()).map((call) => ({
        sid: call.sid,
        peer: prettyNumber(callPeer(call, number)),
        answered: call.answered,
        isCurrent: call.sid === current.sid,
      }));
      keyed(
        element,
        lines,
        (line) => line.sid,
        ({ sid }) => createLine(() => choose(sid)),
      );
    },
  };
}

function createLine(onclick) {
  const peer = h("span", { class: "line-peer" });
  const clock = h("time", { class: "ticking" });
  const element = h("button", { type: "button", class: "line", onclick }, peer, clock);
  return {
    element,
    update(line) {
      setText(peer, line.peer);
      if (line.answered) clock.dataset.since = line.answered;
      element.setAttribute("aria-pressed", String(line.isCurrent));
    },
  };
}
