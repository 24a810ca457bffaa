"""Conference, the noun of Dial (https://www.twilio.com/docs/voice/twiml/conference)."""

import asyncio
from contextlib import suppress
from xml.etree.ElementTree import Element

from fake_twilio.model.call_input import CallInput
from fake_twilio.model.conference import Conference, Participant
from fake_twilio.model.line import Step
from fake_twilio.model.recording import Recording
from fake_twilio.runtime.tasks import first
from fake_twilio.voice.allowed_verbs import WHILE_WAITING
from fake_twilio.voice.conference import arrive, depart
from fake_twilio.voice.session import HangUp, Session
from fake_twilio.voice.verbs.attributes import flag, text_of, whole_number
from fake_twilio.voice.verbs.dial.outcome import Outcome
from fake_twilio.voice.wait_url import play_wait_url


async def join(session: Session, dial: Element, noun: Element, outcome: Outcome, step: Step) -> None:
    """Wait until the conference starts, and stay until it is over, or `*` is pressed where that counts."""
    name = text_of(noun)
    step.about["detail"] = f"conference {name!r}"
    existing = session.simulator.conferences.get(name)
    if existing and len(existing.participants) >= whole_number(noun, "maxParticipants", 250):
        step.about["detail"] += " is full"
        outcome.status = "failed"
        return
    participant = Participant(
        session.call,
        starts=flag(noun, "startConferenceOnEnter", True),
        ends=flag(noun, "endConferenceOnExit"),
        muted=flag(noun, "muted"),
        coaching=bool(noun.get("coach")),
        label=noun.get("participantLabel", ""),
        updates=session.call.control.updates,
    )
    outcome.status = "answered"
    conference = existing or new_conference(session, noun, name)
    record(session, noun, conference)
    arrive(session.simulator, conference, participant)
    limit = session.simulator.pace.patience(whole_number(dial, "timeLimit", 14400))
    with suppress(TimeoutError), session.listening(CallInput("*" if flag(dial, "hangupOnStar") else "")) as call_input:
        try:
            async with asyncio.timeout(limit):
                await first(wait_inside(session, noun, participant), call_input.something.wait())
        finally:
            depart(session.simulator, conference, participant)


def new_conference(session: Session, noun: Element, name: str) -> Conference:
    """Create a conference. Its first participant's noun names the address for its callbacks."""
    simulator = session.simulator
    conference = Conference(name, simulator.next_number(), session.callback(noun, "statusCallback"))
    simulator.conferences[name] = conference
    return conference


def record(session: Session, noun: Element, conference: Conference) -> None:
    """Record the conference from its start if this noun asks for it and no earlier one did."""
    if noun.get("record") in ("true", "record-from-start") and not conference.recording:
        recording = Recording(session.call.account_sid, session.call.sid, "Conference")
        recording.conference_sid = conference.sid
        conference.recording = recording
        conference.recording_callback = session.callback(noun, "recordingStatusCallback", "completed")


async def wait_inside(session: Session, noun: Element, participant: Participant) -> None:
    """Wait until the conference starts, then until it ends."""
    waiting = session.beside(session.call, WHILE_WAITING)
    url = noun.get("waitUrl", "").strip()
    music = session.source(url, noun.get("waitMethod", "POST")) if url else None
    with suppress(HangUp):
        await first(play_wait_url(waiting, music), participant.called_in.wait(), participant.sent_out.wait())
    if not participant.sent_out.is_set():
        with session.simulator.idle.waiting(session.call):
            await participant.sent_out.wait()
