"""Sms, the verb of calls (https://www.twilio.com/docs/voice/twiml/sms)."""

from xml.etree.ElementTree import Element

from fake_twilio.messaging.sent_by_twiml import Draft, send
from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import text_of


async def sms(session: Session, element: Element) -> Source | None:
    """Send a message, by default to the other end of the call."""
    call, ours = session.call, session.simulator.account.numbers
    near = call.to if call.direction == "inbound" else call.from_
    to, from_ = element.get("to") or call.person, element.get("from") or (near if near in ours else ours[0])
    with session.step("Sms", detail=f"to {to}", text=text_of(element)):
        draft = Draft(to, from_, text_of(element), callback=session.callback(element, "statusCallback"))
        message = send(session.simulator, draft, lambda code, detail: session.fault(code, f"Sms: {detail}"))
        about = (("MessageSid", message.sid), ("SmsSid", message.sid), ("MessageStatus", message.status))
        return session.action(element, (*about, ("SmsStatus", message.status)))
