// A message in the thread: its sender, its text and media, its status.

import { h, icon, setText } from "./dom.js";
import { clockTime, errorPage, fileName, prettyNumber, webAddress } from "./words.js";

const DELIVERY = {
  delivered: ["ticks", "Delivered"],
  read: ["ticks", "Read"],
  received: ["ticks", "Received"],
  sent: ["tick", "Sent"],
  undelivered: ["warning", "Undelivered"],
  failed: ["warning", "Failed"],
};

export function createBubble() {
  const peer = h("p", { class: "bubble-peer" });
  const body = h("p", { class: "bubble-body", dir: "auto" });
  const media = h("div", { class: "bubble-media" });
  const status = h("p", { class: "bubble-status" });
  const element = h("div", {}, peer, h("div", { class: "bubble" }, media, body), status);
  return {
    element,
    update(message) {
      element.className = `text text-${message.direction} text-${message.status}`;
      element.title = message.sid;
      setText(peer, `${message.direction === "out" ? "to " : ""}${prettyNumber(message.peer)}`);
      peer.hidden = !message.firstOfPeer;
      setText(body, message.body);
      body.hidden = !message.body;
      if (media.childElementCount !== message.media.length) media.replaceChildren(...message.media.map(attachment));
      const [sign, word] = DELIVERY[message.status] ?? ["clock", message.status];
      status.replaceChildren(clockTime(message.at), icon(sign), word);
      if (message.error_code) status.append(" ", errorLink(message.error_code));
    },
  };
}

export function errorLink(code) {
  return h("a", { href: errorPage(code), target: "_blank", rel: "noreferrer" }, String(code));
}

/**
 * A link to the media. Pictures from this machine are shown immediately, others on request: the page sends no
 * requests to other hosts by itself.
 */
function attachment(text) {
  const url = webAddress(text);
  if (!url) return h("span", { class: "attachment" }, icon("link"), h("span", {}, text));
  const name = fileName(url) || url.host;
  const link = h(
    "a",
    { class: "attachment", href: url.href, target: "_blank", rel: "noreferrer" },
    icon("link"),
    h("span", {}, name, h("small", {}, url.host)),
  );
  if (/\.(mp3|wav|ogg|mp4|pdf|vcf|txt)$/i.test(url.pathname)) return link;
  const show = () => {
    const picture = h("img", { src: url.href, alt: `Picture ${name}`, loading: "lazy", referrerpolicy: "no-referrer" });
    picture.addEventListener("error", () => frame.replaceChildren(link));
    frame.replaceChildren(h("a", { class: "picture", href: url.href, target: "_blank", rel: "noreferrer" }, picture));
  };
  const frame = h(
    "div",
    { class: "attachment-frame" },
    link,
    h("button", { type: "button", class: "show-picture", onclick: show }, "Show picture"),
  );
  if (["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)) show();
  return frame;
}
