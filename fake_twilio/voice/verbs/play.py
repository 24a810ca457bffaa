"""Play (https://www.twilio.com/docs/voice/twiml/play)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import HangUp, Session
from fake_twilio.voice.verbs.attributes import repeat, text_of, whole_number
from fake_twilio.webhooks.webhook import place


async def play(session: Session, element: Element) -> None:
    """Play an audio file, or the tones of some keys."""
    loop = whole_number(element, "loop", 1)
    digits = element.get("digits")
    if digits is not None:
        with session.step("Play", digits=digits, loop=loop):
            await repeat(session, loop, 0.5 * len(digits))
        return
    url = text_of(element)
    if not url:
        session.fault(None, "Play: neither a URL nor digits")
        raise HangUp
    address = session.source(url, "GET").url
    with session.step("Play", url=address, loop=loop) as step:
        audio = await session.simulator.audio(address)
        if audio.problem:
            step.about["detail"] = audio.problem
        if audio.code:
            session.fault(audio.code, f"Play: {place(address)} {audio.problem}")
            return
        await repeat(session, loop, audio.seconds)
