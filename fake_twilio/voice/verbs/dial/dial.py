"""Dial (https://www.twilio.com/docs/voice/twiml/dial)."""

import asyncio
from xml.etree.ElementTree import Element

from fake_twilio.model.line import Step
from fake_twilio.twiml.source import Source
from fake_twilio.voice.session import Session
from fake_twilio.voice.verbs.dial.conference import join
from fake_twilio.voice.verbs.dial.outcome import Outcome
from fake_twilio.voice.verbs.dial.phones import dial_phones
from fake_twilio.voice.verbs.dial.queue import take_from_queue
from fake_twilio.voice.verbs.dial.recorder import Recorder


async def dial(session: Session, element: Element) -> Source | None:
    """Connect the caller to phones, a queue or a conference; then continue with the action or the next verb."""
    outcome = Outcome()
    with session.step("Dial", detail="") as step:
        recorder = Recorder(session, element)
        recorder.begin("ringing")
        try:
            await connect(session, element, outcome, recorder, step)
        except asyncio.CancelledError:
            outcome.cut()
            outcome.recording = recorder.end()
            session.request_after_hangup(lambda: session.action(element, outcome.fields(session)))
            raise
        outcome.recording = recorder.end()
        step.about["detail"] = f"{step.about['detail']}: {outcome.status}"
    if not session.call.answered:
        session.call.line.refusal = "busy" if outcome.status == "busy" else "no-answer"
    return session.action(element, outcome.fields(session))


async def connect(session: Session, element: Element, outcome: Outcome, recorder: Recorder, step: Step) -> None:
    """Connect the caller to what the nouns name."""
    nouns = list(element)
    kinds = {noun.tag for noun in nouns}
    if "Conference" in kinds or "Queue" in kinds:
        if len(nouns) > 1:
            session.fault(None, f"Dial: a {nouns[0].tag} must be the only noun")
        noun = next(noun for noun in nouns if noun.tag in ("Conference", "Queue"))
        await {"Conference": join, "Queue": take_from_queue}[noun.tag](session, element, noun, outcome, step)
        return
    await dial_phones(session, element, outcome, recorder, step)
