"""Refer (https://www.twilio.com/docs/voice/twiml/refer)."""

from xml.etree.ElementTree import Element

from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import text_of

NOT_IMPLEMENTED = "501"


async def refer(session: Session, element: Element) -> Source | None:
    """Report that the call was not referred: the emulator has no SIP network."""
    sip = element.find("Sip")
    target = "" if sip is None else text_of(sip)
    detail = f"{target}: the emulator cannot refer a call; it answers SIP {NOT_IMPLEMENTED}"
    with session.step("Refer", detail=detail):
        if not session.call.person.startswith(("sip:", "sips:")):
            session.fault(None, "Refer: this is not a SIP call; only SIP calls can be referred")
        return session.action(element, (("ReferSipResponseCode", NOT_IMPLEMENTED),))
