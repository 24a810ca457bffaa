"""Reject (https://www.twilio.com/docs/voice/twiml/reject)."""

from xml.etree.ElementTree import Element

from ..session import HangUp, Session


async def reject(session: Session, element: Element) -> None:
    """Refuse an incoming call. A call that we placed has been answered already: there it only ends the call."""
    with session.step("Reject", reason=element.get("reason", "rejected")):
        if session.call.direction != "inbound":
            session.fault(None, "Reject is for incoming calls; it ends this one")
        raise HangUp
