"""Conference, the noun of Dial (https://www.twilio.com/docs/voice/twiml/conference)."""

import asyncio
from contextlib import suppress
from xml.etree.ElementTree import Element

from ..call import Step
from ..conference_life import arrive, depart
from ..ears import Ears
from ..hold import WHILE_WAITING, hold
from ..race import first
from ..recording import Recording
from ..session import HangUp, Session
from ..switchboard import Conference, Participant
from .attributes import flag, text_of, whole_number
from .outcome import Outcome


async def join(session: Session, dial: Element, noun: Element, outcome: Outcome, step: Step) -> None:
    """Wait until the conference starts, and stay until it is over, or `*` is pressed where that counts."""
    name = text_of(noun)
    step.about["detail"] = f"conference {name!r}"
    existing = session.exchange.conferences.get(name)
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
    )
    outcome.status = "answered"
    conference = existing or new_conference(session, noun, name)
    record(session, noun, conference)
    arrive(session.exchange, conference, participant)
    limit = session.exchange.clock.patience(whole_number(dial, "timeLimit", 14400))
    with suppress(TimeoutError), session.listening(Ears("*" if flag(dial, "hangupOnStar") else "")) as ears:
        try:
            async with asyncio.timeout(limit):
                await first(wait_inside(session, noun, participant), ears.something.wait())
        finally:
            depart(session.exchange, conference, participant)


def new_conference(session: Session, noun: Element, name: str) -> Conference:
    """Make a conference. The first participant decides which address gets its status callbacks."""
    exchange = session.exchange
    conference = Conference(name, exchange.next_number(), session.callback(noun, "statusCallback"))
    exchange.conferences[name] = conference
    return conference


def record(session: Session, noun: Element, conference: Conference) -> None:
    """Record the conference from its start if this noun asks for it and no earlier one did."""
    if noun.get("record") in ("true", "record-from-start") and not conference.recording:
        recording = Recording(session.call.account_sid, session.call.sid, "Conference")
        recording.conference_sid = conference.sid
        conference.recording = recording
        conference.recording_callback = session.callback(noun, "recordingStatusCallback", "completed")


async def wait_inside(session: Session, noun: Element, participant: Participant) -> None:
    """Hear music until the conference starts, then the others until it is over."""
    waiting = session.beside(session.call, WHILE_WAITING)
    url = noun.get("waitUrl", "").strip()
    music = session.source(url, noun.get("waitMethod", "POST")) if url else None
    with suppress(HangUp):
        await first(hold(waiting, music), participant.called_in.wait(), participant.sent_out.wait())
    if not participant.sent_out.is_set():
        with session.exchange.work.resting(session.call):
            await participant.sent_out.wait()
