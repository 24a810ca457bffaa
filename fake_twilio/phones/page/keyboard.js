// The keyboard: A answers, D declines, H hangs up, digits are pressed, on the first phone where that is possible.

let allowed = true;

/** Lets single keys work, or not. */
export function allowShortcuts(on) {
  allowed = on;
  document.body.classList.toggle("no-shortcuts", !on);
}

/** Passes keys to the phones in `grid`. Returns a function that registers a phone's view. */
export function listenForKeys(grid) {
  const views = new WeakMap();

  document.addEventListener("keydown", (event) => {
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
    if (!allowed || isShortcut || event.repeat || event.target.closest("input, textarea, select, audio")) return;
    const key = event.key.toLowerCase();
    const focused = event.target.closest(".phone");
    const phones = [...grid.querySelectorAll(".phone")].sort((one, other) => (other === focused) - (one === focused));
    const taker = phones.find((phone) => views.get(phone).takeKey(key));
    if (!taker) return;
    event.preventDefault();
    if (taker !== focused) taker.focus(); // the next keys are for the same phone
  });

  return (view) => {
    views.set(view.element, view);
    return view;
  };
}
