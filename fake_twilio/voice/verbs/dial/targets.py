"""The phones that a Dial rings: its Number, Client and Sip nouns."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4
from xml.etree.ElementTree import Element

from fake_twilio.addresses import CLIENT, E164, SIP
from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.attributes import text_of, whole_number
from fake_twilio.voice.verbs.dial.leg import Leg

EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


@dataclass(frozen=True)
class Target:
    """One phone to ring."""

    to: str
    noun: Element


def targets(session: Session, dial: Element) -> list[Target]:
    """Return the phones that a Dial names; an invalid address is reported and left out."""
    found = [Target(name_of(noun), noun) for noun in dial if noun.tag in ("Number", "Client", "Sip")]
    if number := text_of(dial):
        found.insert(0, Target(plain(number), Element("Number")))
    for noun in dial:
        if noun.tag in ("Application", "Sim", "WhatsApp"):
            with session.step(noun.tag, detail=f"<{noun.tag}> is not simulated: skipped"):
                pass
    for target in found:
        if not any(kind.fullmatch(target.to) for kind in (E164, CLIENT, SIP)):
            session.fault(13223, f"Dial: {target.noun.tag} {target.to!r} is not a number, a client or a SIP address")
    return [target for target in found if any(kind.fullmatch(target.to) for kind in (E164, CLIENT, SIP))]


def name_of(noun: Element) -> str:
    """Return the address of a noun as in the To of a call."""
    inner = noun.find("Identity" if noun.tag == "Client" else "Uri")
    text = text_of(noun if inner is None else inner)
    if noun.tag == "Client":
        return f"client:{text.removeprefix('client:')}"
    return plain(text) if noun.tag == "Number" else text.partition("?")[0]


def plain(number: str) -> str:
    """Return a number without separators; ten digits are North American, as Twilio takes them."""
    digits = re.sub(r"[\s().-]", "", number)
    if re.fullmatch(r"1?[2-9]\d{2}[2-9]\d{6}", digits):
        return f"+1{digits[-10:]}"
    return digits


def caller_id(session: Session, dial: Element, phones: list[Target]) -> str | None:
    """Return the caller ID; None after a report of Twilio's 13214 if it is not allowed."""
    call, ours = session.call, session.simulator.callers
    asked = dial.get("callerId", "").strip()
    number = plain(asked) or call.from_
    allowed = not asked or number in (call.from_, call.to, *ours)
    to_a_number = any(E164.fullmatch(phone.to) for phone in phones)
    if allowed and not (to_a_number and not E164.fullmatch(number)):
        return number
    session.fault(
        13214, f"Dial: the callerId {number!r} is neither a number of the account, nor verified, nor one of this call"
    )
    return None


def leg_to(session: Session, dial: Element, target: Target, from_: str, tell: Callable[[Leg], None]) -> Leg:
    """Create the leg to one phone."""
    simulator, parent = session.simulator, session.call
    call = Call(
        sid=f"CA{uuid4().hex}",
        account_sid=parent.account_sid,
        to=target.to,
        from_=from_,
        number=simulator.next_number(),
        parameters=leg_parameters(session, dial, target.noun),
        direction="outbound-dial",
        parent_call_sid=parent.sid,
        client_parameters={one.get("name", ""): one.get("value", "") for one in target.noun.findall("Parameter")},
    )
    simulator.keep(simulator.calls, call.sid, call)
    url = target.noun.get("url", "").strip()
    whisper: Source | None = session.source(url, target.noun.get("method", "POST")) if url else None
    return Leg(session, call, whisper, tell)


def leg_parameters(session: Session, dial: Element, noun: Element) -> Form:
    """Return a noun's attributes in the form of a create's parameters."""
    callback = session.callback(noun, "statusCallback", "completed")
    unknown = callback.events - EVENTS
    if unknown:
        session.fault(21626, f"{noun.tag}: there is no event {', '.join(sorted(unknown))}")
    pairs = [("Timeout", str(whole_number(dial, "timeout", 30)))]
    if callback.url:
        pairs += [("StatusCallback", callback.url), ("StatusCallbackMethod", callback.method)]
        pairs += [("StatusCallbackEvent", event) for event in sorted(callback.events)]
    if digits := noun.get("sendDigits"):
        pairs.append(("SendDigits", digits))
    if detection := noun.get("machineDetection"):
        answered_by = session.callback(noun, "amdStatusCallback")
        pairs += [("MachineDetection", detection), ("AsyncAmd", str(bool(answered_by.url)).lower())]
        pairs += [("AsyncAmdStatusCallback", answered_by.url), ("AsyncAmdStatusCallbackMethod", answered_by.method)]
    return Form(pairs)
