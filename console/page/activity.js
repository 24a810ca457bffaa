// The list of calls, messages and conferences: filtered by the address, and kept up to date.

import { request } from "./api.js";
import { field, h, options } from "./dom.js";
import { duration, mood, outbound, shortTime } from "./words.js";

const SECONDS = 3;
const FILTERS = ["kind", "status", "to", "from", "since"];
const KINDS = [["", "All"], ["call", "Calls"], ["message", "Messages"], ["conference", "Conferences"]];
const AGES = [["", "Any time"], ["1h", "Last hour"], ["1d", "Last day"], ["7d", "Last 7 days"], ["30d", "Last 30 days"]];
const STATUSES = "queued ringing in-progress completed busy no-answer failed canceled sent delivered undelivered received unknown".split(" ");

export async function showActivity({ place, query, fail, recovered, isShown }) {
  const filter = new URLSearchParams(FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));
  const body = h("tbody");
  const state = h("p", { class: "hint", role: "status" }, "Loading");
  const older = h("button", { class: "quiet-button", type: "button", hidden: true }, "Show older");
  const exporting = h("button", { class: "quiet-button", type: "button" }, "Export as CSV");
  const bar = h("progress", { hidden: true, "aria-label": "Exporting" });
  place.append(
    filters(filter),
    state,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Calls and messages" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["Time", "", "From", "To", "Status", "Length"].map((name) => h("th", { scope: "col" }, name)))), body),
    ),
    h("div", { class: "row" }, older, exporting, bar),
  );
  const rows = new Map();
  let cursor = null;

  const draw = (items, newest) => {
    let first = body.firstChild;
    for (const item of items) {
      const known = rows.get(item.sid);
      const row = rowOf(item);
      rows.set(item.sid, row);
      if (known) {
        if (first === known) first = row;
        known.replaceWith(row);
      } else if (newest) body.insertBefore(row, first);
      else body.append(row);
    }
    state.textContent = rows.size ? `${rows.size} shown, newest first` : "Nothing here yet.";
  };
  const load = async (from) => {
    const asked = new URLSearchParams(filter);
    if (from) asked.set("cursor", from);
    return (await request(`activity?${asked}`)).body;
  };
  const first = await load();
  cursor = first.cursor;
  draw(first.items, false);
  older.hidden = !cursor;
  older.addEventListener("click", async () => {
    older.disabled = true;
    try {
      const page = await load(cursor);
      cursor = page.cursor;
      draw(page.items, false);
      older.hidden = !cursor;
    } catch (error) {
      fail(error);
    }
    older.disabled = false;
  });
  exporting.addEventListener("click", () => exportAll(filter, exporting, bar).catch(fail));

  let timer = setTimeout(update, SECONDS * 1000);
  let failed = false;
  async function update() {
    try {
      if (!document.hidden) draw((await load()).items, true);
      if (failed && isShown()) recovered();
      failed = false;
    } catch (error) {
      if (!isShown()) return;
      fail(error);
      if (!error.isTemporary) return;
      failed = true;
    }
    if (isShown()) timer = setTimeout(update, SECONDS * 1000);
  }
  return () => clearTimeout(timer);
}

function filters(filter) {
  const kind = options(h("select"), KINDS, filter.get("kind") ?? "");
  const status = options(h("select"), [["", "Any"], ...STATUSES.map((name) => [name, name])], filter.get("status") ?? "");
  const since = options(h("select"), AGES, filter.get("since") ?? "");
  const to = h("input", { value: filter.get("to") ?? "", placeholder: "+1…" });
  const from = h("input", { value: filter.get("from") ?? "", placeholder: "+1…" });
  const sid = h("input", { placeholder: "CA… or SM…" });
  const apply = (event) => {
    event?.preventDefault();
    const wanted = sid.value.trim();
    if (wanted) {
      location.hash = `#/activity/${encodeURIComponent(wanted)}`;
      return;
    }
    const values = Object.entries({ kind: kind.value, status: status.value, since: since.value, to: to.value.trim(), from: from.value.trim() });
    location.hash = `#/activity?${new URLSearchParams(values.filter(([, value]) => value))}`;
  };
  for (const select of [kind, status, since]) select.addEventListener("change", apply);
  return h(
    "form",
    { class: "filters", onsubmit: apply, role: "search" },
    field("Kind", kind),
    field("Status", status),
    field("Started", since),
    field("To", to),
    field("From", from),
    field("SID", sid),
    h("button", { class: "quiet-button", type: "submit" }, "Find"),
  );
}

function rowOf(item) {
  const address = `#/activity/${encodeURIComponent(item.sid)}`;
  const error = item.error ? `${item.error.code}: ${item.error.message}` : null;
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: address }, shortTime(item.started))),
    h("td", { class: "kind" }, item.kind === "conference" ? "conference" : `${outbound(item) ? "→" : "←"} ${item.kind}`),
    h("td", {}, item.from ?? ""),
    h("td", {}, item.to ?? ""),
    h("td", {}, h("span", { class: `pill is-${mood(item.status)}`, title: error }, item.status), error && h("span", { class: "hint" }, ` ${item.error.code}`)),
    h("td", {}, item.kind === "message" ? (item.segments ? `${item.segments} segm.` : "") : duration(item.duration)),
  );
}

/** Saves all pages of the list as one file. How many there are is not known before the end. */
async function exportAll(filter, button, bar) {
  button.disabled = true;
  bar.hidden = false;
  const parts = [];
  try {
    let asked = new URLSearchParams([...filter, ["format", "csv"], ["limit", "200"]]);
    while (asked) {
      const { body, headers } = await request(`activity?${asked}`, { text: true });
      parts.push(parts.length ? body.slice(body.indexOf("\n") + 1) : body);
      const cursor = headers.get("x-next-cursor");
      asked = cursor ? new URLSearchParams([...filter, ["format", "csv"], ["limit", "200"], ["cursor", cursor]]) : null;
    }
    const link = h("a", { href: URL.createObjectURL(new Blob(parts, { type: "text/csv" })), download: "activity.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
  } finally {
    button.disabled = false;
    bar.hidden = true;
  }
}
