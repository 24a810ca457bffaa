// Tells screen readers about ringing phones, ended calls and new faults.

import { setText } from "./dom.js";
import { callPeer, callTitle, comesIn, duration, prettyNumber } from "./words.js";

const LIVE = ["ringing", "in-progress"];

export function createAnnouncer(region) {
  let statuses = new Map();
  let faults = null;
  return (state) => {
    const news = [];
    const now = new Map();
    for (const phone of state.phones) {
      for (const call of phone.calls) {
        const key = `${phone.number} ${call.sid}`;
        const before = statuses.get(key);
        now.set(key, call.status);
        if (call.status === before) continue;
        if (call.status === "ringing" && comesIn(call, phone.number)) {
          news.push(
            `Phone ${prettyNumber(phone.number)} is ringing, call from ${prettyNumber(callPeer(call, phone.number))}`,
          );
        } else if (LIVE.includes(before) && !LIVE.includes(call.status)) {
          news.push(`${callTitle(call, phone.number)}${call.duration ? `, ${duration(call.duration)}` : ""}`);
        }
      }
    }
    statuses = now;
    if (faults !== null && state.faults.length > faults) news.push(`New fault: ${state.faults[0].detail}`);
    faults = state.faults.length;
    if (news.length > 0) setText(region, news.join(". "));
  };
}
