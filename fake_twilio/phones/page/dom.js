// Creating and updating elements. Data becomes text nodes and attributes, never markup.

/** Creates an element. Attributes that are null, undefined or false are left out; `on…` attributes are listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const lists = new WeakMap();

/**
 * Makes the children of `parent` match `items`: one view `{element, update(item)}` for each key, kept for as long as
 * the key is there, and updated only when its item has changed. Existing elements are not moved, so that focus, scroll
 * position and animations survive.
 */
export function keyed(parent, items, keyOf, make) {
  const before = lists.get(parent) ?? new Map();
  const now = new Map();
  for (const item of items) {
    let key = keyOf(item);
    while (now.has(key)) key += "+";
    const digest = JSON.stringify(item);
    const known = before.get(key) ?? { view: make(item), digest: null };
    if (known.digest !== digest) known.view.update(item);
    now.set(key, { view: known.view, digest });
  }
  for (const [key, { view }] of before) if (!now.has(key)) view.element.remove();
  let place = parent.firstChild;
  for (const { view } of now.values()) {
    if (view.element === place) place = place.nextSibling;
    else parent.insertBefore(view.element, place);
  }
  lists.set(parent, now);
}

/**
 * Keeps the end of a growing box in view, or the start of its last entry when that is taller than the box, until the
 * person scrolls away from it. `renew`, to call after a change, returns whether the end is in view; `toEnd` goes there.
 */
export function followEnd(box, onEnd = () => {}) {
  let following = true;
  let place = 0;
  const scrollTo = (top) => {
    box.scrollTop = top;
    place = box.scrollTop;
  };
  const setFollowing = (now) => {
    following = now;
    box.classList.toggle("is-following", following);
    if (following) onEnd();
  };
  const renew = () => {
    const last = box.lastElementChild;
    if (following && last)
      scrollTo(last.offsetHeight > box.clientHeight ? last.offsetTop - box.offsetTop : box.scrollHeight);
    return following;
  };
  const toEnd = () => {
    setFollowing(true);
    renew();
  };
  box.addEventListener("scroll", () => {
    if (Math.abs(box.scrollTop - place) > 1) setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight < 24);
  });
  // Keep the word that is being spoken in view, also in a long text.
  box.addEventListener("animationstart", ({ target }) => {
    if (!following || !target.classList.contains("word")) return;
    const below = target.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom + 12;
    if (below > 0) scrollTo(box.scrollTop + below);
  });
  // A picture that has loaded, or has failed and becomes a link, changes the height.
  for (const end of ["load", "error"]) box.addEventListener(end, () => requestAnimationFrame(renew), true);
  new ResizeObserver(renew).observe(box);
  setFollowing(true);
  return { renew, toEnd };
}
