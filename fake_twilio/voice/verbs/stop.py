"""Stop (https://www.twilio.com/docs/voice/twiml/stop)."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session


async def stop(session: Session, element: Element) -> None:
    """End what Start has begun: by name, or the latest of its kind without a name."""
    line = session.call.line
    for noun in element:
        name = noun.get("name", "")
        found = [tap for tap in line.taps if tap.kind == noun.tag and (not name or tap.name == name)]
        with session.step("Stop", detail=f"{noun.tag} {name}".strip()):
            if not found:
                session.fault(None, f"Stop: there is no {noun.tag} {name!r} to stop")
                continue
            line.taps.remove(found[-1])
            found[-1].stop()
