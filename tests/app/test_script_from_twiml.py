"""Existing TwiML is read into a script, and the script is the same TwiML."""

from __future__ import annotations

import pytest

from shared.scripts.from_twiml import script_of
from shared.scripts.writing import write_twiml


def rewritten(within: str) -> str:
    """Return TwiML that was read into a script and written again, without its root."""
    script, family = script_of(f"<Response>{within}</Response>")
    return str(write_twiml(script, family)).partition("<Response>")[2].removesuffix("</Response>")


@pytest.mark.parametrize(
    "within",
    [
        '<Dial record="true">+14155550199</Dial>',
        '<Dial><Conference maxParticipants="5" waitMethod="GET" waitUrl="/a">Room</Conference></Dial>',
        '<Connect action="/a"><ConversationRelay url="wss://x.example/ws" welcomeGreeting="Hello"><Language '
        'code="sv-SE" ttsProvider="amazon" /><Parameter name="foo" value="bar" /></ConversationRelay></Connect>',
        '<Dial><Sip><Uri priority="1" weight="2">sip:a@example.com</Uri><Headers><Header name="X-A" value="b" />'
        "</Headers></Sip></Dial>",
        "<Dial><WhatsApp>+14155550199</WhatsApp></Dial>",
        '<Reject reason="busy"><Parameter name="a" value="b" /></Reject>',
        '<Stop><Recording /><Stream name="a" /></Stop>',
        '<Start><Transcription><Config name="a" value="" /></Transcription></Start>',
        '<Say>a <prosody rate="slow">b <w>c</w> d<break time="1s" /></prosody> e</Say>',
        "<Redirect />",
        '<Enqueue waitUrl="wait.xml">support</Enqueue>',
        '<Gather timeout="auto" />',
        "<Record /><Say>Nothing was recorded.</Say>",
        "<Hangup /><Say>Hello</Say>",
        "<Say>Hello</Say><Reject />",
    ],
)
def test_what_twilio_accepts_is_read_and_written_unchanged(within: str) -> None:
    """One of each kind that was missing, or that was rejected although Twilio accepts it."""
    assert rewritten(within) == within


@pytest.mark.parametrize(
    ("within", "document"),
    [
        ('<Redirect method="post">/a</Redirect>', '<Redirect method="POST">/a</Redirect>'),
        (
            '<Dial record="True"><Conference beep="FALSE">a</Conference></Dial>',
            '<Dial record="true"><Conference beep="false">a</Conference></Dial>',
        ),
        ('<Gather numDigits=" 1 " bargeIn="TRUE" />', '<Gather bargeIn="true" numDigits="1" />'),
        (
            "<Dial><Client><Parameter name='a' value='b'/><Identity>bob</Identity></Client></Dial>",
            '<Dial><Client><Identity>bob</Identity><Parameter name="a" value="b" /></Client></Dial>',
        ),
    ],
)
def test_values_are_read_as_freely_as_twilio_reads_them(within: str, document: str) -> None:
    """The case of a method, space around a number, the order of elements."""
    assert rewritten(within) == document
