"""GET /api/softphone: its files, and what it does in Chromium, with Twilio's own SDK against the emulator."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from fake_twilio.testing import Account, FakeTwilio
from tests.support.app import SETTINGS, App, app_starter

PHONE = "+12025550123"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeTwilio]:
    """An emulator with a TwiML App for browsers."""
    with FakeTwilio.running(account=Account(twiml_app_sid="AP00000000000000000000000000000001")) as fake:
        yield fake
        fake.wait_until_quiet()
        assert fake.faults == []


@pytest.fixture(scope="module")
def app(fake: FakeTwilio, tables: str) -> Iterator[App]:
    """An app that the TwiML App calls; with a function key."""
    with app_starter(fake.url, tables) as start:
        app = start(ALLOWED_COUNTRIES="US", key="the-key")
        [twiml_app] = fake.simulator.twiml_apps.values()
        twiml_app.voice_url = f"{app.url}/api/client_call"
        twiml_app.status_callback = f"{app.url}/api/status_callback"
        yield app


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window with a microphone."""
    context = browser.new_context(permissions=["microphone"], reduced_motion="reduce")
    context.set_default_timeout(8000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, app: App) -> Iterator[Page]:
    """The page; it logs no error, and asks no other host for anything."""
    page = context.new_page()
    problems: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url) if request.url.startswith("http") else None)
    page.goto(f"{app.url}/api/softphone")
    yield page
    assert [host for host in hosts if not host.startswith(f"{app.url}/api/")] == []
    # The SDK reports a lost connection, and the browser a wrong key.
    assert [problem for problem in problems if not re.search("TwilioVoice|401", problem)] == []


def sign_in(page: Page, identity: str = "alice", key: str = "the-key") -> None:
    """Sign in and wait until the device is registered."""
    page.get_by_label("Your name on the phone").fill(identity)
    page.get_by_label("Function key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def ready(page: Page) -> None:
    """Wait until the device is registered."""
    expect(page.locator("#state")).to_have_text("Ready")


def in_call(page: Page) -> None:
    """Wait until a call is answered."""
    expect(page.locator("#call-state")).to_have_text("In call")


def over(page: Page) -> None:
    """Wait until there is no call."""
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_visible()


def test_a_person_signs_in_calls_a_phone_presses_keys_and_hangs_up(page: Page, app: App, fake: FakeTwilio) -> None:
    """A wrong key is said first. The number may be pasted as people write it; the key is in no address."""
    sign_in(page, key="wrong")
    expect(page.get_by_role("alert")).to_have_text("This function key is not accepted.")
    sign_in(page)
    ready(page)
    expect(page.get_by_role("alert")).to_contain_text("no audio")
    page.get_by_label("Call", exact=True).fill(" (202) 555-0123 ")
    page.get_by_role("button", name="Call", exact=True).click()
    phone_call = fake.phone(PHONE).wait_for_call()
    expect(page.locator("#call-state")).to_have_text("Ringing")
    phone_call.answer()
    in_call(page)
    phone_call.wait_until_connected_to("client:alice")
    page.get_by_role("button", name="5").click()
    page.get_by_role("button", name="pound").click()
    expect(page.locator("#keys")).to_have_text("5#")
    mute = page.get_by_role("button", name=re.compile("Mute"))
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Hang up").click()
    phone_call.wait_until("completed")
    over(page)

    call = next(call for call in fake.simulator.calls.values() if call.from_ == "client:alice")
    assert call.line.keys == "5#"
    assert "the-key" not in page.url
    assert page.evaluate("sessionStorage.getItem('softphone-key')") == "the-key"


def test_a_call_to_the_softphone_is_answered_or_declined(page: Page, app: App, fake: FakeTwilio) -> None:
    """It shows the caller and the custom parameters. The far end hangs up; a declined call is busy."""
    sign_in(page)
    ready(page)
    key = {"x-functions-key": "the-key"}
    body = {"to": "client:alice?order=7", "script": [{"verb": "Pause", "length": 600}]}
    sid = app.post("make_call", body, headers=key).json()["sid"]
    expect(page.locator("#incoming-more")).to_have_text("order: 7")
    page.get_by_role("button", name="Answer").click()
    in_call(page)
    app.post(f"update_call/{sid}", {"status": "completed"}, headers=key)
    over(page)

    sid = app.post("make_call", body, headers=key).json()["sid"]
    page.get_by_role("button", name="Decline").click()
    fake.wait_for(lambda: fake.simulator.calls[sid].status == "busy", "the call to be busy", 5)
    expect(page.locator("#incoming")).to_be_hidden()


def test_a_lost_connection_is_restored_during_a_call(page: Page, fake: FakeTwilio) -> None:
    """The call goes on."""
    sign_in(page)
    ready(page)
    page.get_by_label("Call", exact=True).fill(PHONE)
    page.get_by_role("button", name="Call", exact=True).click()
    phone_call = fake.phone(PHONE).wait_for_call()
    phone_call.answer()
    in_call(page)
    fake.wait(fake.server.signal.close())
    ready(page)
    in_call(page)
    phone_call.wait_until_connected_to("client:alice")
    page.get_by_role("button", name="Hang up").click()
    phone_call.wait_until("completed")


def test_a_call_that_still_rings_ends_with_its_connection(page: Page, fake: FakeTwilio) -> None:
    """The page says so, and the next call can be placed."""
    sign_in(page)
    ready(page)
    page.get_by_label("Call", exact=True).fill(PHONE)
    page.get_by_role("button", name="Call", exact=True).click()
    fake.phone(PHONE).wait_for_call()
    fake.wait(fake.server.signal.close())
    expect(page.get_by_role("alert")).to_have_text("The connection was lost, and the call with it.")
    over(page)
    ready(page)
    fake.reset()
    page.get_by_role("button", name="Call", exact=True).click()
    fake.phone(PHONE).wait_for_call().answer()
    in_call(page)
    page.get_by_role("button", name="Hang up").click()
    over(page)


def test_a_new_token_is_asked_for_before_the_old_one_ends(page: Page) -> None:
    """The page asks half a minute before the end, and stays registered."""
    settings = [SETTINGS[f"TWILIO_{name}"] for name in ("ACCOUNT_SID", "API_KEY", "API_SECRET")]
    grant = VoiceGrant(incoming_allow=True)
    short = str(AccessToken(*settings, identity="alice", grants=[grant], ttl=33).to_jwt())

    def shorten(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "token": short})

    page.route("**/api/access_token", shorten, times=1)
    sign_in(page)
    ready(page)
    with page.expect_response("**/api/access_token") as renewed:
        pass
    assert renewed.value.status == 201
    ready(page)


def test_a_refused_microphone_is_explained(browser: Browser, app: App, fake: FakeTwilio) -> None:
    """The call is not placed."""
    with browser.new_context(reduced_motion="reduce") as context:
        context.set_default_timeout(8000)
        page = context.new_page()
        page.goto(f"{app.url}/api/softphone")
        sign_in(page, "bob")
        ready(page)
        page.get_by_label("Call", exact=True).fill(PHONE)
        page.get_by_role("button", name="Call", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(re.compile("microphone", re.IGNORECASE))
        over(page)


def test_the_page_is_static_and_its_policy_allows_only_what_it_needs(app: App) -> None:
    """In development, the emulator; a browser's copy is checked by its ETag. Other files are not served."""
    first = app.get("softphone")
    again = app.get("softphone", headers={"If-None-Match": first.headers["etag"]})
    policy = dict(part.split(" ", 1) for part in first.headers["content-security-policy"].split("; "))

    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (again.status_code, again.content) == (304, b"")
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    emulator = app.settings["TWILIO_API_BASE_URL"].replace("http", "ws")
    assert policy["connect-src"] == f"'self' blob: {emulator}"
    assert "Apache" in app.get("softphone/twilio.LICENSE.txt").text
    for name in ("__init__.py", "..%2F__init__.py", "%2e%2e/__init__.py", "vendor", "nothing.js"):
        assert app.get(f"softphone/{name}").status_code == 404


def test_with_twilio_itself_the_policy_names_twilios_hosts(example_settings: object, monkeypatch: object) -> None:
    """As the SDK's own page lists them."""
    from softphone import TWILIO, signaling

    example_settings(TWILIO_API_BASE_URL="")  # type: ignore[operator]
    assert signaling() == TWILIO
    assert "wss://voice-js.roaming.twilio.com" in TWILIO
