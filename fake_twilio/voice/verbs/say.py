"""Say (https://www.twilio.com/docs/voice/twiml/say)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import repeat, whole_number

WORDS_A_SECOND = 2.5


async def say(session: Session, element: Element) -> None:
    """Speak the words; the time that this takes is estimated."""
    text = " ".join("".join(element.itertext()).split())
    if not text:
        session.fault(13520, "Say: nothing to say")
    loop = whole_number(element, "loop", 1)
    with session.step(
        "Say", text=text, voice=element.get("voice", ""), language=element.get("language", ""), loop=loop
    ):
        await repeat(session, loop, 0.3 + len(text.split()) / WORDS_A_SECOND)
