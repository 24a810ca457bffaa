"""The phones page in Chromium, used by a person to call and text an app."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fake_twilio.model.account import Account
from fake_twilio.testing import FakeTwilio
from tests.support.fake_twilio_stage import OURS, Receiver, Stage, client_of, twiml
from tests.support.phones_page import VOICE, WINDOW, button, captions_of, phone_on, thread_of

MINE, YOURS = "+15551112222", "+15551113333"
LONG = '<Pause length="100"/>'  # ten seconds, at the pace of these tests

# A browser whose recognition hears two words, the first of them before the second.
EARS = """
window.SpeechRecognition = class extends EventTarget {
  start() {
    const hear = (transcript, isFinal) => {
      const results = [Object.assign([{ transcript }], { isFinal })];
      this.dispatchEvent(Object.assign(new Event("result"), { results }));
    };
    setTimeout(() => { hear("sales", false); hear("sales please", true); this.dispatchEvent(new Event("end")); });
  }
  abort() {}
};
"""
NO_EARS = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    """An emulator, ten times as fast as real time, whose number belongs to an app."""
    app = Receiver(Account().auth_token)
    with FakeTwilio.running(pace=0.1, app_url=app.base_url) as fake:
        fake.serve_numbers_from(app.base_url)
        yield Stage(fake, app, client_of(fake))
    app.close()


@pytest.fixture
def stage(running_stage: Stage) -> Stage:
    """The stage, reset."""
    running_stage.fake.reset()
    running_stage.app.received.clear()
    running_stage.app.replies.clear()
    return running_stage


@pytest.fixture
def fake(stage: Stage) -> FakeTwilio:
    """The emulator of the page."""
    return stage.fake


def add_phone(page: Page, number: str = MINE) -> Locator:
    """Add a phone."""
    page.get_by_role("textbox", name="Number of the new phone").fill(number)
    page.get_by_role("button", name="Add a phone").click()
    phone = phone_on(page, number)
    expect(phone).to_be_focused()
    return phone


def call_in(page: Page, stage: Stage, body: str) -> Locator:
    """Return a phone that has called the app, which answers with this TwiML."""
    stage.app.reply("/api/answer_call", twiml(body))
    phone = add_phone(page)
    button(phone, "Call your app").click()
    expect(button(phone, "Hang up")).to_be_visible()
    return phone


def hint_on(phone: Locator, words: str) -> Locator:
    """Return the hint on the phone about what the app waits for."""
    return phone.get_by_role("status").filter(has_text=words)


def test_a_person_uses_a_menu(page: Page, stage: Stage) -> None:
    """Add a phone, call, press a key in one menu and two in the next; the steps show the requests."""
    stage.app.reply("/hours", twiml('<Gather timeout="100" numDigits="2" action="/day"><Say>Which day?</Say></Gather>'))
    stage.app.reply("/day", twiml(f"<Say>We open at nine</Say>{LONG}"))
    phone = call_in(
        page, stage, '<Gather timeout="100" numDigits="1" action="/hours"><Say>For our hours, press 1</Say></Gather>'
    )
    expect(captions_of(phone).get_by_text("For our hours, press 1")).to_be_visible()
    expect(hint_on(phone, "Press 1 digit")).to_be_visible()

    page.keyboard.press("1")

    expect(captions_of(phone).get_by_text("Which day?")).to_be_visible()
    expect(captions_of(phone)).to_contain_text(re.compile(r"POST /hours 200 · \d+ ms · signed"))
    expect(hint_on(phone, "Press 2 digits")).to_be_visible()
    page.keyboard.press("2")
    expect(phone.get_by_label("Keys pressed")).to_have_text("2")
    button(phone, "3").click()
    expect(captions_of(phone).get_by_text("We open at nine")).to_be_visible()
    expect(hint_on(phone, "Nothing listens for keys now")).to_be_visible()
    assert [(form["Digits"], form["From"], form["To"]) for form in stage.app.forms("/hours")] == [("1", MINE, OURS)]
    assert [form["Digits"] for form in stage.app.forms("/day")] == ["23"]


def test_typed_words_are_speech(page: Page, stage: Stage) -> None:
    """If the app listens to speech there is a field; typing in it presses no keys."""
    stage.app.reply("/person", twiml(f"<Say>One moment</Say>{LONG}"))
    phone = call_in(page, stage, '<Gather timeout="100" input="speech dtmf" action="/person"><Say>Whom?</Say></Gather>')
    expect(hint_on(phone, "Press digits, then # or say something")).to_be_visible()

    phone.get_by_role("textbox", name="Type what you say").fill("")
    page.keyboard.type("ahd 12")
    page.keyboard.press("Enter")

    expect(captions_of(phone).get_by_text("One moment")).to_be_visible()
    expect(phone.get_by_role("textbox", name="Type what you say")).to_be_hidden()
    form = stage.app.forms("/person")[0]
    assert (form["SpeechResult"], form.get("Digits")) == ("ahd 12", None)


def test_the_voice_stops_when_the_person_presses_a_key(browser: Browser, stage: Stage) -> None:
    """A key that the app waits for ends the spoken prompt."""
    stage.app.reply("/menu", twiml(LONG))
    context = browser.new_context(**WINDOW)
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto(stage.fake.url)
    phone = call_in(
        page, stage, '<Gather timeout="100" numDigits="1" action="/menu"><Say loop="0">Whom?</Say></Gather>'
    )
    expect(captions_of(phone)).to_contain_text("Whom?")

    page.keyboard.press("1")

    expect(captions_of(phone)).to_contain_text("/menu")
    assert page.evaluate("told") == ["en-US en: Whom?", "cancel"]
    context.close()


@pytest.mark.parametrize("hears", [True, False])
def test_there_is_a_microphone_if_the_browser_recognises_speech(browser: Browser, stage: Stage, hears: bool) -> None:
    """The recognised words are sent as speech."""
    stage.app.reply("/person", twiml(f"<Say>One moment</Say>{LONG}"))
    context = browser.new_context(**WINDOW)
    context.add_init_script(EARS if hears else NO_EARS)
    page = context.new_page()
    page.goto(stage.fake.url)
    phone = call_in(page, stage, '<Gather timeout="100" input="speech" action="/person"/>')
    expect(hint_on(phone, "Say something")).to_be_visible()

    if hears:
        button(phone, "Speak").click()
        expect(captions_of(phone).get_by_text("One moment")).to_be_visible()
        assert [form["SpeechResult"] for form in stage.app.forms("/person")] == ["sales please"]
    else:
        expect(button(phone, "Speak")).to_be_hidden()
    context.close()


def test_a_recording_is_shown_and_can_be_played(page: Page, stage: Stage) -> None:
    """Leave a message, end it with the key that is shown, and listen to it."""
    stage.app.reply("/thanks", twiml("<Hangup/>"))
    phone = call_in(page, stage, '<Say>After the tone</Say><Record finishOnKey="#" action="/thanks"/>')
    expect(hint_on(phone, "Recording, press # to end")).to_be_visible()

    button(phone, "#").click()

    thread = thread_of(phone)
    expect(thread.get_by_text("Call ended")).to_be_visible()
    player = thread.get_by_label("Recording", exact=True)
    expect(player).to_be_visible()
    assert player.evaluate("async (audio) => { await audio.play(); audio.pause(); return audio.duration; }") > 0
    assert stage.app.forms("/thanks")[0]["RecordingUrl"]


def test_a_person_sends_a_picture_and_reads_the_reply(page: Page, stage: Stage) -> None:
    """Enter sends text and picture; both are in the thread, and the reply is below."""
    stage.app.reply("/api/receive_sms", twiml("<Message>What an owl!</Message>"))
    phone = add_phone(page)
    button(phone, "Add a picture").click()
    phone.get_by_role("textbox", name="Address of a picture").fill("https://example.com/owl.png")
    words = phone.get_by_role("textbox", name="Text message")
    words.fill("Look")

    words.press("Shift+Enter")
    page.keyboard.type("there")
    words.press("Enter")

    thread = thread_of(phone)
    expect(thread.get_by_text("What an owl!")).to_be_visible()
    expect(thread.get_by_text("Look\nthere")).to_be_visible()
    expect(thread.get_by_role("link", name="owl.png")).to_be_visible()
    expect(words).to_have_value("")
    form = stage.app.forms("/api/receive_sms")[0]
    assert (form["From"], form["To"], form["Body"]) == (MINE, OURS, "Look\nthere")
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")


def test_an_invalid_address_of_a_picture_is_explained(page: Page, stage: Stage) -> None:
    """And the input stays."""
    phone = add_phone(page)
    button(phone, "Add a picture").click()
    picture = phone.get_by_role("textbox", name="Address of a picture")
    picture.fill("javascript:alert(1)")

    picture.press("Enter")

    expect(phone.get_by_role("status").filter(has_text="starts with http:// or https://")).to_be_visible()
    expect(picture).to_have_value("javascript:alert(1)")
    assert stage.app.received == []


def test_one_of_two_calls_can_be_hung_up(page: Page, stage: Stage) -> None:
    """The phone shows a button for each call; hanging up ends the call on the screen."""
    first = stage.call(MINE, twiml=f"<Response><Say>The first</Say>{LONG}</Response>").sid
    phone = phone_on(page, MINE)
    button(phone, "Answer").click()
    expect(captions_of(phone)).to_contain_text("The first")
    second = stage.call(MINE, twiml=f"<Response><Say>The second</Say>{LONG}</Response>").sid
    button(phone, "Answer").click()
    expect(captions_of(phone)).to_contain_text("The second")

    lines = phone.get_by_role("group", name="Calls on this phone").get_by_role("button")
    expect(lines).to_have_count(2)
    lines.first.click()
    expect(captions_of(phone)).to_contain_text("The first")
    button(phone, "5").click()
    button(phone, "Hang up").click()

    expect(captions_of(phone)).to_contain_text("The second")
    expect(lines).to_have_count(0)
    statuses = [stage.client.calls(sid).fetch().status for sid in (first, second)]
    assert statuses == ["completed", "in-progress"]
    assert [stage.fake.call(sid).line.keys for sid in (first, second)] == ["5", ""]


def test_a_dialled_phone_rings_and_both_show_the_connection(page: Page, stage: Stage) -> None:
    """A Dial makes another phone on the page ring."""
    phone = call_in(page, stage, f"<Dial>{YOURS}</Dial>")
    other = phone_on(page, YOURS)
    button(other, "Answer").click()

    expect(phone.get_by_text("Connected to +1 555 111 3333")).to_be_visible()
    expect(other.get_by_text("Connected to +1 555 111 2222")).to_be_visible()
    button(other, "Hang up").click()
    expect(thread_of(phone).get_by_text("Call ended")).to_be_visible()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<Enqueue>support</Enqueue>", "On hold in the queue “support”"),
        ("<Dial><Conference>standup</Conference></Dial>", "In the conference “standup” alone"),
    ],
)
def test_a_phone_shows_where_its_call_waits(page: Page, stage: Stage, body: str, words: str) -> None:
    """The queue or the conference is named as long as the call is in it."""
    phone = call_in(page, stage, body)

    expect(phone.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("number", ["5551112222", "+0123456789", "+1555<b>", ""])
def test_an_invalid_number_is_explained(page: Page, number: str) -> None:
    """No phone is added."""
    page.get_by_role("textbox", name="Number of the new phone").fill(number)
    page.get_by_role("button", name="Add a phone").click()

    expect(page.get_by_role("alert")).to_contain_text("starts with + and the country code")
    expect(page.get_by_role("article")).to_have_count(0)


def test_a_number_may_contain_separators(page: Page) -> None:
    """Spaces, brackets and dashes are left out; the next proposed number is free."""
    page.get_by_role("textbox", name="Number of the new phone").fill("+1 (555) 123-4567")
    page.get_by_role("button", name="Add a phone").click()

    expect(phone_on(page, "+15551234567")).to_be_focused()
    expect(page.get_by_role("textbox", name="Number of the new phone")).to_have_value("+15551234568")


def test_a_person_types_the_code_that_verifies_the_number(page: Page, stage: Stage) -> None:
    """The phone says who calls, asks for six digits, and does not show the code."""
    asked = stage.client.validation_requests.create(phone_number=MINE)
    phone = phone_on(page, MINE)
    button(phone, "Answer").click()
    expect(phone.get_by_text("Twilio verifies this number")).to_be_visible()
    expect(hint_on(phone, "Press 6 digits")).to_be_visible()
    expect(phone).not_to_contain_text(asked.validation_code)

    page.keyboard.type(asked.validation_code)

    expect(captions_of(phone).get_by_text("Your phone number is verified")).to_be_visible()
    assert [caller_id.phone_number for caller_id in stage.client.outgoing_caller_ids.list()] == [MINE]
