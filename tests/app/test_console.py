"""GET /api/console: its files, and what people do with it in Chromium, against the app, Azurite and the emulator."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fake_twilio.testing import FakeTwilio
from tests.support.app import App, app_starter

TO = "+15551234567"
KEY = {"x-functions-key": "the-key"}


@pytest.fixture(scope="module")
def keyed_app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[App]:
    """An app that requires function keys, like Azure."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start(key="the-key")


@pytest.fixture(scope="module")
def tab(browser: Browser, keyed_app: App) -> Iterator[Page]:
    """A tab that is signed in; it logs no error but those of the app's answers, and asks no other host."""
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    context.set_default_timeout(8000)
    page = context.new_page()
    problems: list[str] = []
    addresses: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{keyed_app.url}/api/console")
    for key in ("wrong", "the-key"):
        page.get_by_label("Function key").fill(key)
        page.locator("form").get_by_role("button", name="Sign in").click()
        if key == "wrong":
            expect(page.get_by_role("alert")).to_have_text("This function key is not accepted.")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    yield page
    assert [problem for problem in problems if "Failed to load resource" not in problem] == []
    assert [address for address in addresses if not address.startswith((keyed_app.url, "data:", "blob:"))] == []
    assert not [address for address in addresses if "the-key" in address]
    context.close()


def open_page(tab: Page, app: App, address: str) -> None:
    """Go to one of the pages by its address."""
    tab.goto(f"{app.url}/api/console#/{address}")


def test_a_call_is_placed_and_its_time_line_grows(tab: Page, keyed_app: App, fake_twilio: FakeTwilio) -> None:
    """An error is shown first, with its field. The page of the call follows it to its end."""
    open_page(tab, keyed_app, "send")
    tab.get_by_label("To", exact=True).fill("12")
    tab.get_by_label("Say").fill("Hello from the console")
    tab.get_by_role("button", name="Place the call").click()
    expect(tab.get_by_label("To", exact=True)).to_be_focused()
    expect(tab.locator("#to ~ [role=alert]")).to_have_count(1)
    tab.get_by_label("To", exact=True).fill("(555) 123-4567")
    tab.get_by_role("button", name="Place the call").click()
    call = fake_twilio.phone(TO).wait_for_call()
    expect(tab.get_by_role("status").filter(has_text="ringing")).to_be_visible()
    call.answer()
    call.wait_until_heard("Hello from the console")
    call.wait_until("completed")
    expect(tab.locator("h2 .pill")).to_have_text("completed")
    assert tab.locator(".events > li").all_inner_texts()[-1].split("\n")[1] == "completed"
    assert tab.url.endswith(f"#/activity/{call.sid}")


def test_the_list_is_filtered_by_its_address_and_grows_by_itself(
    tab: Page, keyed_app: App, fake_twilio: FakeTwilio
) -> None:
    """It recovers from a lost connection. An undelivered message is found, with its error and what it means."""
    fake_twilio.phone("+15551230077").texts_end_as("undelivered", 30003)
    open_page(tab, keyed_app, "activity?kind=message&to=%2B15551230077")
    expect(tab.get_by_text("Nothing here yet.")).to_be_visible()
    tab.context.set_offline(True)
    expect(tab.get_by_role("alert")).to_contain_text("cannot be reached")
    tab.context.set_offline(False)
    sent = keyed_app.post("send_sms", {"to": "+15551230077", "body": "Hi"}, headers=KEY).json()
    row = tab.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("undelivered")
    expect(row).to_contain_text("30003")
    expect(tab.get_by_role("alert")).to_have_count(0)
    row.get_by_role("link").click()

    expect(tab.get_by_role("link", name="Twilio's error 30003")).to_have_attribute("href", re.compile("30003"))
    assert tab.url.endswith(sent["sid"])


def test_what_is_filtered_is_exported(tab: Page, keyed_app: App, fake_twilio: FakeTwilio, tmp_path: Path) -> None:
    """All pages, as one file."""
    for _ in range(3):
        keyed_app.post("send_sms", {"to": "+15551230078", "body": "Hi"}, headers=KEY)
    open_page(tab, keyed_app, "activity?to=%2B15551230078")
    expect(tab.locator("tbody tr")).to_have_count(3)
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "activity.csv")

    with (tmp_path / "activity.csv").open(newline="", encoding="utf-8") as file:
        assert [line["to"] for line in csv.DictReader(file)] == ["'+15551230078"] * 3


def test_a_script_is_broken_fixed_and_saved(tab: Page, keyed_app: App) -> None:
    """A script that somebody else has changed meanwhile is not overwritten."""
    open_page(tab, keyed_app, "scripts/from-console")
    source = tab.get_by_label("Script")
    source.fill('[{"verb": "Sey", "text": "Hi"}]')
    tab.get_by_role("button", name="Check").click()
    expect(tab.get_by_role("alert").filter(has_text="$[0].verb")).to_be_visible()
    source.fill('[{"verb": "Say", "text": "Hi there"}]')
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("<Say>Hi there</Say>")).to_be_visible()
    expect(tab.get_by_role("link", name="Call with this script")).to_have_attribute("href", re.compile("from-console$"))
    keyed_app.put("scripts/from-console", [{"verb": "Hangup"}], headers=KEY)
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("alert").filter(has_text="Somebody has changed")).to_be_visible()

    assert keyed_app.get("scripts/from-console", headers=KEY).json()["script"] == [{"verb": "Hangup"}]
    open_page(tab, keyed_app, "scripts")
    expect(tab.get_by_role("link", name="from-console")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_fits_into_the_window(tab: Page, keyed_app: App, width: int) -> None:
    """Nothing is wider than the window."""
    tab.set_viewport_size({"width": width, "height": 800})
    for address, ready in (("activity", "table"), ("send", "#to"), ("scripts", ".filters")):
        open_page(tab, keyed_app, address)
        tab.locator(ready).wait_for()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_page_needs_no_key_where_the_app_asks_for_none(browser: Browser, app: App) -> None:
    """As on a laptop."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{app.url}/api/console")
        expect(page.get_by_role("region", name="Calls and messages")).to_be_visible()


def test_a_storage_that_is_away_is_said(browser: Browser, app_without_storage: App) -> None:
    """In the app's words."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{app_without_storage.url}/api/console")
        expect(page.get_by_role("alert")).to_have_text("Storage cannot be reached.")


def test_the_page_is_static_and_may_connect_to_the_app_only(app: App) -> None:
    """Its policy allows neither inline scripts nor other hosts."""
    policy = app.get("console").headers["content-security-policy"]

    assert "connect-src 'self';" in policy
    assert "script-src 'self';" in policy
    assert app.get("console/base.css").headers["content-type"] == "text/css; charset=utf-8"
    assert app.get("console/nothing.js").status_code == 404
