"""Take docs/phones.png: a call and a conversation on the phones page of a fresh, running `python3 -m dev run`.

Stores a script for calls and one for text messages. Make the picture smaller afterwards, with an indexed palette.

.venv/bin/python docs/make_screenshot.py /usr/bin/chromium
"""

import sys
from pathlib import Path

import requests
from playwright.sync_api import Locator, Page, sync_playwright

APP, PHONES = "http://127.0.0.1:7071", "http://127.0.0.1:7072"
CALLER, WRITER = "+15551234567", "+15559876543"
WELCOME = "Welcome to Contoso Bikes. For our opening hours, press 1. To talk to somebody, say who, or press 2."
MENU = {"verb": "Gather", "num_digits": 1, "input": ["dtmf", "speech"], "action": "/api/twiml/menu", "timeout": 60}
CALL = [{**MENU, "verbs": [{"verb": "Say", "text": WELCOME}]}]
TEXT = [{"verb": "Message", "body": "Thank you! Saturday at ten it is. See you then."}]


def add_phone(page: Page, number: str) -> Locator:
    """Add a phone to the page."""
    page.get_by_role("textbox", name="Number of the new phone").fill(number)
    page.get_by_role("button", name="Add a phone").click()
    phone = page.get_by_role("article", name=f"Phone {number}")
    phone.wait_for()
    return phone


def main(chromium: str) -> None:
    """Store the scripts, call, send a text message, and take the picture."""
    for name, script in {"call": CALL, "text": TEXT}.items():
        requests.put(f"{APP}/api/scripts/{name}", json=script, timeout=10).raise_for_status()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": 1200, "height": 810}, color_scheme="light", reduced_motion="reduce")
        page.goto(PHONES)
        caller, writer = add_phone(page, CALLER), add_phone(page, WRITER)
        text = {"to": WRITER, "body": "Your bike is ready. When would you like to fetch it?"}
        requests.post(f"{APP}/api/send_sms", json=text, timeout=10).raise_for_status()
        writer.get_by_role("log").get_by_text("Delivered").wait_for()
        writer.get_by_role("textbox", name="Text message").fill("Great! Saturday at ten?")
        page.keyboard.press("Enter")
        writer.get_by_text("See you then.").wait_for()
        caller.get_by_role("button", name="Call your app").click()
        caller.get_by_text("Welcome to Contoso Bikes").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(2000)
        page.screenshot(path=Path(__file__).parent / "phones.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
