"""Reject (https://www.twilio.com/docs/voice/twiml/reject)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import HangUp, Session


async def reject(session: Session, element: Element) -> None:
    """Reject an inbound call. A call that was answered just ends."""
    reason = element.get("reason", "rejected")
    with session.step("Reject", reason=reason):
        if session.call.direction != "inbound":
            session.fault(None, "Reject is for incoming calls; it ends this one")
        elif not session.call.answered:
            session.call.line.refusal = "busy" if reason == "busy" else "no-answer"
        raise HangUp
