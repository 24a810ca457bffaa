"""The phones page in Chromium: opening and watching it, and finding its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request

NUMBER = "+15551234567"
WINDOW: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US", "reduced_motion": "reduce"}

# A browser on a machine without voices says nothing. This one has a voice, and keeps a list of what it was told.
VOICE = """
window.told = [];
const voices = [{ lang: "en-US", name: "en" }, { lang: "de_DE", name: "de" }];
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => voices,
  speak: (line) => told.push(`${line.lang} ${line.voice?.name}: ${line.text}`),
  cancel: () => told.push("cancel"),
} });
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; }
};
"""


@contextmanager
def watched_page(tab: Page, url: str) -> Iterator[Page]:
    """Open the phones page; at the end of the block, check that it logged no error and contacted no other host."""
    problems: list[str] = []
    hosts: set[str] = set()

    def hear(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            problems.append(said.text)

    def fail(error: Error) -> None:
        problems.append(str(error))

    def follow(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    tab.set_viewport_size(WINDOW["viewport"])
    tab.on("console", hear)
    tab.on("pageerror", fail)
    tab.on("request", follow)
    tab.goto(url)
    yield tab
    tab.remove_listener("console", hear)
    tab.remove_listener("pageerror", fail)
    tab.remove_listener("request", follow)
    assert problems == []
    assert hosts == {urlsplit(url).netloc}


def phone_on(page: Page, number: str = NUMBER) -> Locator:
    """Return the phone of a number."""
    return page.get_by_role("article", name=f"Phone {number}", exact=True)


def button(phone: Locator, name: str) -> Locator:
    """Return a button of a phone."""
    return phone.get_by_role("button", name=name, exact=True)


def captions_of(phone: Locator) -> Locator:
    """Return what the person on the phone hears."""
    return phone.get_by_role("log", name="What you hear")


def thread_of(phone: Locator) -> Locator:
    """Return the messages and past calls of a phone."""
    return phone.get_by_role("log", name="Messages")
