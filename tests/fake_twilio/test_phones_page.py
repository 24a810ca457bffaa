"""The phones page in Chromium, with calls and messages created by Twilio's library."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from fake_twilio.testing import FakeTwilio
from tests.support.app import SETTINGS
from tests.support.phones_page import NUMBER, VOICE, WINDOW, button, captions_of, phone_on, thread_of

APP_URL = "http://127.0.0.1:7071"
TEN_SECONDS = '<Pause length="100"/>'  # at the pace of these tests
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def running_fake() -> Iterator[FakeTwilio]:
    """One emulator for this module, ten times as fast as real time."""
    with FakeTwilio.running(pace=0.1) as fake:
        yield fake


@pytest.fixture
def fake(running_fake: FakeTwilio) -> FakeTwilio:
    """The emulator without phones."""
    running_fake.reset()
    return running_fake


@pytest.fixture
def twilio(fake: FakeTwilio) -> Client:
    """Twilio's library, pointed at the emulator."""
    client = Client(SETTINGS["TWILIO_API_KEY"], SETTINGS["TWILIO_API_SECRET"], SETTINGS["TWILIO_ACCOUNT_SID"])
    client.api.base_url = fake.url
    return client


@pytest.fixture
def voiced_page(browser: Browser, fake: FakeTwilio) -> Iterator[Page]:
    """The phones page in a browser that has voices."""
    context = browser.new_context(**WINDOW)
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto(fake.url)
    yield page
    context.close()


def call(twilio: Client, twiml: str, to: str = NUMBER) -> str:
    """Place a call as the app does, and return its SID."""
    sid = twilio.calls.create(to=to, from_=SETTINGS["TWILIO_FROM_NUMBER"], twiml=f"<Response>{twiml}</Response>").sid
    assert isinstance(sid, str)
    return sid


def text(twilio: Client, body: str, **options: Any) -> str:
    """Send a message as the app does, and return its SID."""
    sid = twilio.messages.create(to=NUMBER, from_=SETTINGS["TWILIO_FROM_NUMBER"], body=body, **options).sid
    assert isinstance(sid, str)
    return sid


def answered_call(page: Page, twilio: Client, twiml: str) -> tuple[Locator, str]:
    """Return a phone on which a call was answered, and the SID of the call."""
    sid = call(twilio, twiml)
    phone = phone_on(page)
    button(phone, "Answer").click()
    expect(button(phone, "Hang up")).to_be_visible()
    return phone, sid


def status_at_twilio(twilio: Client, fake: FakeTwilio, sid: str) -> str:
    """Return the status of a call in the REST API, once nothing happens any more."""
    fake.wait_until_quiet()
    return str(twilio.calls(sid).fetch().status)


def test_the_empty_page_has_a_command_that_can_be_copied(page: Page) -> None:
    """Pasted into a terminal, it makes a phone ring."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    expect(page.get_by_role("heading", name="No phone has rung yet")).to_be_visible()
    page.get_by_role("button", name="Copy: Place a call").click()

    expect(page.get_by_text("Copied")).to_be_visible()
    command = f'curl {APP_URL}/api/make_call -d to={NUMBER} -d "say=Hello from my laptop"'
    assert page.evaluate("navigator.clipboard.readText()") == command


@pytest.fixture
def app_key(fake: FakeTwilio) -> Iterator[str]:
    """The function key of the app."""
    fake.server.phones.app_key = "local_key-1"
    yield "local_key-1"
    fake.server.phones.app_key = ""


def test_commands_and_links_contain_the_function_key(app_key: str, page: Page, twilio: Client) -> None:
    """Commands in a header; links to the log in the query, as Azure accepts it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy: Send a text").click()

    expect(page.get_by_text("Copied")).to_be_visible()
    command = (
        f'curl {APP_URL}/api/send_sms -H "x-functions-key: {app_key}" -d to={NUMBER} -d "body=Your table is ready"'
    )
    assert page.evaluate("navigator.clipboard.readText()") == command
    log = page.get_by_role("link", name=f"{APP_URL}/api/activity")
    expect(log).to_have_attribute("href", f"{APP_URL}/api/activity?code={app_key}")
    sid = call(twilio, "<Say>Hello</Say>")
    phone = phone_on(page)
    button(phone, "Decline").click()
    expect(thread_of(phone).get_by_role("link", name="log of this call")).to_have_attribute(
        "href", f"{APP_URL}/api/activity/{sid}?code={app_key}"
    )


def test_a_called_phone_rings_and_shows_the_caller(page: Page, twilio: Client) -> None:
    """Visible, and readable by screen readers."""
    call(twilio, "<Say>Hello</Say>")

    phone = phone_on(page)
    expect(phone.get_by_role("group", name="Incoming call")).to_contain_text("+1 500 555 0006")
    expect(page.get_by_role("status").filter(has_text="is ringing")).to_have_text(
        "Phone +1 555 123 4567 is ringing, call from +1 500 555 0006"
    )
    expect(page).to_have_title("+1 555 123 4567 is ringing")
    expect(page.get_by_role("heading", name="No phone has rung yet")).to_be_hidden()


@pytest.mark.parametrize("way", ["click", "key"])
def test_an_answered_phone_shows_the_spoken_words(page: Page, twilio: Client, way: str) -> None:
    """Answered by mouse or by keyboard."""
    call(twilio, f'<Say language="en-GB">Hello World</Say><Say>Goodbye</Say>{TEN_SECONDS}')
    phone = phone_on(page)
    expect(button(phone, "Answer")).to_be_visible()

    if way == "click":
        button(phone, "Answer").click()
    else:
        phone.focus()
        page.keyboard.press("a")

    expect(captions_of(phone).get_by_text("Hello World")).to_be_visible()
    expect(captions_of(phone).get_by_text("Goodbye")).to_be_visible()
    expect(phone.get_by_text(re.compile(r"^\d+:\d\d$"))).to_be_visible()


@pytest.mark.parametrize("way", ["click", "key"])
def test_hanging_up_ends_the_call_at_twilio(page: Page, twilio: Client, fake: FakeTwilio, way: str) -> None:
    """By mouse or by keyboard; the spoken words stay on the phone."""
    phone, sid = answered_call(page, twilio, f"<Say>Hello World</Say>{TEN_SECONDS}")
    expect(captions_of(phone).get_by_text("Hello World")).to_be_visible()

    if way == "click":
        button(phone, "Hang up").click()
    else:
        page.keyboard.press("h")  # answering has left the focus on the phone

    expect(thread_of(phone).get_by_text("Call ended")).to_be_visible()
    expect(thread_of(phone).get_by_text("Hello World")).to_be_visible()
    expect(thread_of(phone).get_by_role("link", name="log of this call")).to_have_attribute(
        "href", f"{APP_URL}/api/activity/{sid}"
    )
    assert status_at_twilio(twilio, fake, sid) == "completed"


@pytest.mark.parametrize("way", ["click", "key"])
def test_a_declined_call_is_busy_at_twilio(page: Page, twilio: Client, fake: FakeTwilio, way: str) -> None:
    """Declined by mouse or by keyboard."""
    sid = call(twilio, "<Say>Hello</Say>")
    phone = phone_on(page)
    expect(button(phone, "Decline")).to_be_visible()

    if way == "click":
        button(phone, "Decline").click()
    else:
        phone.focus()
        page.keyboard.press("d")

    expect(thread_of(phone).get_by_text("Call declined")).to_be_visible()
    assert status_at_twilio(twilio, fake, sid) == "busy"


def test_the_keyboard_reaches_a_phone_from_anywhere_on_the_page(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """Keys answer, dial and hang up, wherever the focus is."""
    sid = call(twilio, f"<Say>Hello World</Say>{TEN_SECONDS}")
    phone = phone_on(page)
    expect(button(phone, "Answer")).to_be_visible()

    page.get_by_role("button", name="Copy: Place a call").focus()
    page.keyboard.press("a")
    expect(captions_of(phone).get_by_text("Hello World")).to_be_visible()
    expect(phone).to_be_focused()
    page.get_by_role("button", name="Webhooks").click()
    page.keyboard.press("4")
    expect(phone.get_by_label("Keys pressed")).to_have_text("4")
    page.get_by_role("button", name="Webhooks").click()
    page.keyboard.press("h")

    expect(thread_of(phone).get_by_text("Call ended")).to_be_visible()
    assert fake.call(sid).line.keys == "4"


def test_a_key_goes_to_the_focused_phone_first(page: Page, twilio: Client) -> None:
    """Two phones ring: the focused one is declined, and the next key reaches the other."""
    call(twilio, "<Say>Hello</Say>")
    call(twilio, "<Say>Hello</Say>", to="+15551234568")
    first, second = phone_on(page), phone_on(page, "+15551234568")
    expect(button(first, "Answer")).to_be_visible()
    expect(button(second, "Answer")).to_be_visible()

    second.focus()
    page.keyboard.press("d")
    expect(thread_of(second).get_by_text("Call declined")).to_be_visible()
    expect(button(first, "Answer")).to_be_visible()
    page.keyboard.press("d")

    expect(thread_of(first).get_by_text("Call declined")).to_be_visible()


def test_typing_into_a_field_presses_no_key(page: Page, twilio: Client) -> None:
    """The phone continues to ring; shortcuts of the browser do not reach it either."""
    call(twilio, "<Say>Hello</Say>")
    phone = phone_on(page)
    expect(button(phone, "Answer")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {urlsplit(request.url).path}"))

    page.get_by_role("textbox", name="Number of the new phone").fill("")
    page.keyboard.type("ad1")
    page.get_by_role("button", name="Add a phone").focus()
    page.keyboard.press("Control+d")
    phone.get_by_role("switch", name="Reachable").click()
    expect(phone.get_by_role("switch", name="Reachable")).not_to_be_checked()

    expect(page.get_by_role("textbox", name="Number of the new phone")).to_have_value("ad1")
    assert [request for request in sent if request.startswith("POST")] == ["POST /_phones/%2B15551234567/reachable"]


def test_keys_reach_twilio_in_the_order_they_were_pressed(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """From the keypad and the keyboard, as fast as anybody types."""
    phone, sid = answered_call(page, twilio, TEN_SECONDS)

    for key in "1#":
        button(phone, key).click()
    page.keyboard.type("234567890*")

    expect(phone.get_by_label("Keys pressed")).to_have_text("1#234567890*")
    assert fake.call(sid).line.keys == "1#234567890*"


def test_the_keys_of_a_phone_without_a_call_send_nothing(page: Page, twilio: Client) -> None:
    """Letters and digits have a meaning only during a call."""
    text(twilio, "Hello")
    phone = phone_on(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {urlsplit(request.url).path}"))

    phone.focus()
    page.keyboard.type("adh12")
    phone.get_by_role("switch", name="Reachable").click()
    expect(phone.get_by_role("switch", name="Reachable")).not_to_be_checked()

    assert [request for request in sent if request.startswith("POST")] == ["POST /_phones/%2B15551234567/reachable"]


def test_a_message_is_shown_in_the_thread(page: Page, twilio: Client) -> None:
    """A number that gets a message becomes a phone with a bubble: the sender, the text and the status."""
    text(twilio, "Your table is ready.\nSee you at seven!")

    thread = thread_of(phone_on(page))
    expect(thread).to_contain_text("+1 500 555 0006")
    expect(thread.get_by_text("Your table is ready.\nSee you at seven!")).to_be_visible()
    expect(thread.get_by_text("Delivered")).to_be_visible()


def test_a_message_during_a_call_is_shown_for_a_moment(page: Page, twilio: Client) -> None:
    """The call covers the thread, so a toast shows the message; it stays in the thread."""
    phone, _ = answered_call(page, twilio, TEN_SECONDS)

    text(twilio, "Look up")

    expect(phone.get_by_role("status").filter(has_text="Look up")).to_be_visible()
    page.keyboard.press("h")
    expect(thread_of(phone).get_by_text("Look up")).to_be_visible()


def test_media_of_other_hosts_is_not_loaded(page: Page, twilio: Client) -> None:
    """It is a link; the fixture checks that no other host is contacted."""
    text(twilio, "Look", media_url=["https://example.com/pictures/owl.png"])

    thread = thread_of(phone_on(page))
    expect(thread.get_by_role("link", name="owl.png")).to_have_attribute("href", "https://example.com/pictures/owl.png")
    expect(thread.get_by_role("button", name="Show picture")).to_be_visible()


def test_a_phone_that_is_switched_off_gets_nothing(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """Calls are not answered, messages are undelivered, with a link to Twilio's error code."""
    text(twilio, "First")
    phone = phone_on(page)
    expect(thread_of(phone).get_by_text("Delivered")).to_be_visible()

    expect(phone.get_by_role("switch", name="Reachable")).to_be_checked()
    phone.get_by_role("switch", name="Reachable").click()
    expect(phone.get_by_role("switch", name="Reachable")).not_to_be_checked()
    text(twilio, "Second")
    sid = call(twilio, "<Say>Hello</Say>")

    expect(thread_of(phone).get_by_text("Undelivered")).to_be_visible()
    expect(thread_of(phone).get_by_role("link", name="30003")).to_have_attribute(
        "href", "https://www.twilio.com/docs/errors/30003"
    )
    expect(thread_of(phone).get_by_text("Missed call")).to_be_visible()
    assert status_at_twilio(twilio, fake, sid) == "no-answer"


@pytest.mark.parametrize("width", [360, 1280])
def test_markup_in_messages_is_shown_as_text(page: Page, twilio: Client, width: int) -> None:
    """In a Say too; a very long word does not widen the page."""
    page.set_viewport_size({"width": width, "height": 800})
    endless = "Donaudampfschifffahrt" * 30
    text(twilio, f"{HOSTILE} {endless}", media_url=["https://example.com/%E0%A4%A"])
    phone = phone_on(page)
    expect(thread_of(phone).get_by_text(HOSTILE)).to_be_visible()
    assert thread_of(phone).evaluate("box => box.scrollWidth <= box.clientWidth")

    escaped = HOSTILE.replace("<", "&lt;")
    call(twilio, f"<Say>{escaped} {endless}</Say>{TEN_SECONDS}")
    button(phone, "Answer").click()
    expect(captions_of(phone).get_by_text(HOSTILE)).to_be_visible()

    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert captions_of(phone).evaluate("box => box.scrollWidth <= box.clientWidth")


def test_an_update_keeps_focus_and_scroll_position(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """A new message does not scroll a person away who reads old ones."""
    for place in range(12):
        text(twilio, f"Text {place}\n" + "line\n" * 4)
    thread = thread_of(phone_on(page))
    expect(thread.get_by_text("Text 11")).to_be_visible()
    fake.wait_until_quiet()
    thread.hover()
    page.mouse.wheel(0, -10_000)
    expect(thread.get_by_text("Text 0")).to_be_in_viewport()
    thread.focus()

    text(twilio, "The newest")

    expect(thread.get_by_text("The newest")).to_be_attached()
    expect(thread.get_by_text("Text 0")).to_be_in_viewport()
    expect(thread).to_be_focused()


def test_the_panel_shows_webhooks_and_faults(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """Requests to the app are listed; faults are counted and explained."""
    url = f"{fake.url}/phones.css"  # answers, but not with TwiML
    sid = twilio.calls.create(to=NUMBER, from_=SETTINGS["TWILIO_FROM_NUMBER"], url=url, method="GET").sid
    button(phone_on(page), "Answer").click()
    faults = page.get_by_role("button", name="Faults")
    expect(faults).to_have_accessible_name(re.compile(r"Faults\s*[1-9]"))

    faults.click()
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("link", name="12300")).to_have_attribute(
        "href", "https://www.twilio.com/docs/errors/12300"
    )

    page.get_by_role("button", name="Webhooks").click()
    entry = panel.get_by_role("listitem").filter(has_text="GET /phones.css")
    expect(entry).to_contain_text("TwiML")
    expect(entry).to_contain_text("200")
    expect(entry).to_contain_text(f"{sid[:4]}…{sid[-4:]}")

    page.keyboard.press("Tab")
    panel.get_by_role("button", name="Close panel").press("Escape")
    expect(panel).to_be_hidden()


def test_a_webhook_opens_to_show_request_and_answer(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """Its row is a button; it stays open when others arrive."""
    url = f"{fake.url}/phones.css?a=1#rc=2"
    sid = twilio.calls.create(to=NUMBER, from_=SETTINGS["TWILIO_FROM_NUMBER"], url=url).sid
    button(phone_on(page), "Answer").click()
    page.get_by_role("button", name="Webhooks").click()
    panel = page.get_by_role("complementary")
    row = panel.get_by_role("button", name=re.compile("TwiML.*405"), expanded=False).last
    entry = panel.get_by_role("listitem").last

    row.focus()
    page.keyboard.press("Enter")

    expect(entry.get_by_role("button", expanded=True)).to_be_focused()
    expect(entry.get_by_text(url, exact=True)).to_be_visible()
    expect(entry.get_by_role("definition").filter(has_text=sid)).to_be_visible()
    expect(entry.get_by_role("term").filter(has_text="CallStatus")).to_be_visible()
    expect(entry.get_by_role("definition").filter(has_text="FromCity, FromState")).to_be_visible()
    expect(entry.get_by_role("heading", name="Answered 405")).to_be_visible()
    expect(entry.get_by_text(re.compile(r"^text/plain · 23 bytes · \d+ ms$"))).to_be_visible()
    expect(entry.get_by_text("405: Method Not Allowed")).to_be_visible()
    text(twilio, "Something else", status_callback=url)
    expect(panel.get_by_role("listitem").filter(has_text="delivered")).to_be_visible()
    expect(entry.get_by_text("405: Method Not Allowed")).to_be_visible()
    entry.get_by_role("button", expanded=True).click()
    expect(entry.get_by_text("405: Method Not Allowed")).to_be_hidden()


def test_a_webhook_without_an_answer_shows_the_reason(tab: Page, twilio: Client, fake: FakeTwilio) -> None:
    """A forgotten webhook says that it was forgotten."""
    page = tab
    page.goto(fake.url)
    text(twilio, "Hello", status_callback="http://127.0.0.1:9/nobody#rc=0")
    page.get_by_role("button", name="Webhooks").click()
    entries = page.get_by_role("complementary").get_by_role("listitem")
    expect(entries.filter(has_text="delivered")).to_be_visible()

    entries.last.get_by_role("button").click()

    expect(entries.last.get_by_role("heading", name="No answer")).to_be_visible()
    expect(entries.last.get_by_text(re.compile(r"^no connection: \w+ · \d+ ms$"))).to_be_visible()
    fake.ask(fake.simulator.sender.deliveries.clear)
    entries.first.get_by_role("button").click()
    expect(entries.first).to_contain_text("This webhook has been forgotten.")


def test_the_page_reconnects_to_a_restarted_emulator(tab: Page, fake: FakeTwilio, twilio: Client) -> None:
    """Meanwhile it says that the connection is lost."""
    tab.goto(fake.url)
    text(twilio, "Before")
    expect(thread_of(phone_on(tab)).get_by_text("Before")).to_be_visible()

    fake.stop()
    lost = tab.get_by_role("status").filter(has_text="Connection lost, trying again")
    expect(lost).to_be_visible()

    fake.start()
    expect(lost).to_be_hidden()
    text(twilio, "After")
    expect(thread_of(phone_on(tab)).get_by_text("After")).to_be_visible()


def test_each_sentence_is_spoken_once_in_its_language(voiced_page: Page, twilio: Client) -> None:
    """Whatever else changes meanwhile; hanging up stops it immediately."""
    say = '<Say language="de-DE" loop="0">Guten Tag</Say>'
    phone, _ = answered_call(voiced_page, twilio, say)
    text(twilio, "Something else changes")
    expect(phone.get_by_role("status").filter(has_text="Something else")).to_be_visible()
    voiced_page.keyboard.press("h")
    expect(button(phone, "Hang up")).to_be_hidden()

    assert voiced_page.evaluate("told") == ["de-DE de: Guten Tag", "cancel"]


def test_speak_aloud_can_be_switched_off_permanently(voiced_page: Page, twilio: Client) -> None:
    """The browser remembers it."""
    voiced_page.get_by_role("button", name="Speak aloud").click()
    voiced_page.reload()

    expect(voiced_page.get_by_role("button", name="Speak aloud", pressed=False)).to_be_visible()
    phone, _ = answered_call(voiced_page, twilio, f"<Say>Hello World</Say>{TEN_SECONDS}")
    expect(captions_of(phone).get_by_text("Hello World")).to_be_visible()

    assert voiced_page.evaluate("told") == []


def test_everything_on_the_page_has_an_accessible_name(page: Page, twilio: Client) -> None:
    """Language, title, and a name for each control and landmark, on phones in every state."""
    text(twilio, "Hello", media_url=["https://example.com/owl.png"])
    call(twilio, "<Say>Hello</Say>", to="+15551234568")
    phone = phone_on(page, "+15551234568")
    expect(button(phone, "Answer")).to_be_visible()
    ringing = page.locator("body").aria_snapshot()
    button(phone, "Answer").click()
    expect(thread_of(phone).get_by_text("Call ended")).to_be_visible()
    page.get_by_role("button", name="Webhooks").click()

    named = "button|link|switch|textbox|combobox|article|log|region|complementary|img"
    for snapshot in (ringing, page.locator("body").aria_snapshot()):
        assert re.findall(rf"- (?:{named})(?! \")[^\n]*", snapshot) == []
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title() == "Phones"


def test_one_phone_has_no_landmark_of_its_own_and_the_page_has_each_once(page: Page, twilio: Client) -> None:
    """Phones are articles with names, so that landmarks are few, and no two have the same name."""
    text(twilio, "Hello")
    call(twilio, "<Say>Hello</Say>", to="+15551234568")
    expect(button(phone_on(page, "+15551234568"), "Answer")).to_be_visible()
    page.get_by_role("button", name="Webhooks").click()

    marks = re.findall(
        r"- (banner|main|complementary|region|contentinfo|navigation|form)( \"[^\"]*\")?",
        page.locator("body").aria_snapshot(),
    )
    assert len(marks) == len(set(marks))
    assert [role for role, _ in marks].count("main") == 1
    assert phone_on(page).get_by_role("region").count() == 0


@pytest.mark.parametrize("width", [320, 360])
def test_a_narrow_window_does_not_scroll_sideways(page: Page, twilio: Client, width: int) -> None:
    """With a thread, with a call, and with the panel."""
    page.set_viewport_size({"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    text(twilio, "Hello")
    number = phone_on(page).get_by_role("heading", name="+1 555 123 4567")
    expect(number).to_be_visible()
    assert number.evaluate("words => words.scrollWidth <= words.clientWidth")
    phone, _ = answered_call(page, twilio, TEN_SECONDS)
    page.get_by_role("button", name="Webhooks").click()
    expect(page.get_by_role("complementary")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for tool in page.locator(".tool").all():
        box = tool.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    expect(phone).to_be_visible()


def test_shortcuts_can_be_switched_off_permanently(voiced_page: Page, twilio: Client) -> None:
    """Then letters do nothing, and the buttons still do; the browser remembers it."""
    page = voiced_page  # a context of its own
    page.get_by_role("button", name="Shortcuts").click()
    page.reload()
    expect(page.get_by_role("button", name="Shortcuts", pressed=False)).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {urlsplit(request.url).path}"))
    call(twilio, f"<Say>Hello</Say>{TEN_SECONDS}")
    phone = phone_on(page)
    expect(button(phone, "Answer")).to_be_visible()

    phone.focus()
    page.keyboard.type("da")
    button(phone, "Answer").click()
    expect(captions_of(phone).get_by_text("Hello")).to_be_visible()

    assert [request for request in sent if request.startswith("POST")] == ["POST /_phones/%2B15551234567/answer"]


def test_keys_look_idle_while_nothing_listens(page: Page, twilio: Client) -> None:
    """They are filled while a Gather waits for them, and work all the time."""
    gather = '<Gather numDigits="1" timeout="600" action="/nowhere"/>'
    phone, _ = answered_call(page, twilio, gather)
    keypad = phone.get_by_role("group", name="Keypad")
    expect(phone.get_by_text("Press 1 digit")).to_be_visible()
    filled = button(keypad, "1").evaluate("key => getComputedStyle(key).backgroundColor")
    button(phone, "Hang up").click()

    phone, _ = answered_call(page, twilio, TEN_SECONDS)
    expect(phone.get_by_text("Nothing listens for keys now")).to_be_visible()

    assert button(keypad, "1").evaluate("key => getComputedStyle(key).backgroundColor") != filled
    expect(button(keypad, "1")).to_be_enabled()


def test_words_that_are_not_spoken_yet_can_be_read(page: Page) -> None:
    """They begin at 45% opacity."""
    rules = """[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
        .filter((rule) => rule.name === "speak").map((rule) => rule.cssRules[0].style.opacity)"""
    assert page.evaluate(rules) == ["0.45"]


def test_the_switch_of_a_phone_says_what_it_switches(page: Page, twilio: Client) -> None:
    """In words, and in forced colours by colours of the system."""
    text(twilio, "Hello")
    switch = phone_on(page).get_by_role("switch", name="Reachable")
    expect(switch.get_by_text("Reachable")).to_be_visible()
    colour = "at => getComputedStyle(at.querySelector('.power-track')).backgroundColor"

    page.emulate_media(forced_colors="active")
    on = switch.evaluate(colour)
    switch.click()
    expect(switch).not_to_be_checked()

    off = switch.evaluate(colour)
    page.emulate_media(forced_colors="none")
    assert off != on


def test_a_new_message_is_announced_to_a_person_who_reads_old_ones(
    page: Page, twilio: Client, fake: FakeTwilio
) -> None:
    """A button leads to it; at the end of the thread there is none."""
    for place in range(12):
        text(twilio, f"Text {place}\n" + "line\n" * 4)
    phone = phone_on(page)
    thread = thread_of(phone)
    expect(thread.get_by_text("Text 11")).to_be_in_viewport()
    fake.wait_until_quiet()
    thread.hover()
    page.mouse.wheel(0, -10_000)
    expect(thread.get_by_text("Text 0")).to_be_in_viewport()
    expect(button(phone, "New message")).to_be_hidden()

    text(twilio, "The newest")
    button(phone, "New message").click()

    expect(thread.get_by_text("The newest")).to_be_in_viewport()
    expect(button(phone, "New message")).to_be_hidden()


def test_a_picture_that_loads_late_leaves_the_end_of_the_thread_in_view(
    page: Page, twilio: Client, fake: FakeTwilio
) -> None:
    """Also when it stands above the last message."""
    picture = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="220"/>'
    held: list[Route] = []
    page.route("**/late-*.svg", lambda route: held.append(route))  # Playwright marks its handlers
    for place in range(8):
        text(twilio, f"Text {place}\n" + "line\n" * 3)
    for place in range(3):
        text(twilio, f"Picture {place}", media_url=[f"{fake.url}/late-{place}.svg"])
    text(twilio, "The last one")
    thread = thread_of(phone_on(page))
    expect(thread.get_by_text("The last one")).to_be_in_viewport()
    expect(thread.locator("img")).to_have_count(3)
    fake.wait_until_quiet()

    for route in held:
        route.fulfill(body=picture, content_type="image/svg+xml")
    page.evaluate("Promise.all([...document.images].map((one) => one.decode()))")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    page.unroute("**/late-*.svg")

    expect(thread.get_by_text("The last one")).to_be_in_viewport()
    assert thread.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 2


def test_a_thread_can_be_cleared_and_a_phone_closed(page: Page, twilio: Client) -> None:
    """During a call the phone stays; a later message brings it back without its history."""
    text(twilio, "Old news")
    phone = phone_on(page)
    expect(thread_of(phone).get_by_text("Delivered")).to_be_visible()

    button(phone, "Clear thread").click()
    expect(phone.get_by_text("Old news")).to_have_count(0)
    expect(phone.get_by_text("Nothing here yet")).to_be_visible()

    call(twilio, "<Say>Hello</Say>")
    expect(button(phone, "Decline")).to_be_visible()
    expect(button(phone, "Close phone")).to_be_hidden()
    button(phone, "Decline").click()
    expect(thread_of(phone).get_by_text("Call declined")).to_be_visible()
    button(phone, "Close phone").click()
    expect(phone).to_have_count(0)

    text(twilio, "Fresh news")
    expect(thread_of(phone).get_by_text("Fresh news")).to_be_visible()


def test_a_webhook_can_be_found_sent_again_and_copied(page: Page, twilio: Client, fake: FakeTwilio) -> None:
    """By its SID, or as a failure; the copy is a command with a valid signature."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    failing = text(twilio, "Fails", status_callback=f"{fake.url}/phones.css?a=1")
    fake.wait_until_quiet()
    good = twilio.calls.create(to=NUMBER, from_=SETTINGS["TWILIO_FROM_NUMBER"], url=f"{fake.url}/", method="GET").sid
    button(phone_on(page), "Answer").click()
    page.get_by_role("button", name="Webhooks").click()
    panel = page.get_by_role("complementary")
    entries = panel.get_by_role("listitem")
    expect(entries.first).to_contain_text(f"{str(good)[:4]}…")

    panel.get_by_role("button", name="Failures first").click()
    expect(entries.first).to_contain_text("405")
    panel.get_by_role("searchbox", name="Filter by SID").fill(failing[-8:])
    expect(entries.filter(has_text="GET /")).to_have_count(0)
    before = len([one for one in fake.simulator.sender.deliveries if one.webhook.sid == failing])
    entries.first.get_by_role("button").click()
    entries.first.get_by_role("button", name="Copy as curl").click()
    expect(entries.first.get_by_role("button", name="Copied")).to_be_visible()
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    panel.get_by_role("button", name="Send again").click()
    expect(entries).to_have_count(before + 1)

    first, again = (
        fake.simulator.sender.deliveries[-1],
        next(one for one in fake.simulator.sender.deliveries if one.webhook.token in words[5]),
    )
    assert first.webhook == again.webhook
    form = dict(parse_qsl(words[7], keep_blank_values=True))
    signature = words[3].removeprefix("X-Twilio-Signature: ")
    assert RequestValidator(fake.account.auth_token).validate(words[1], form, signature)
