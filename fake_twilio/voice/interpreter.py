"""Run TwiML: load a document, run its verbs in order, continue with the next document."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from fake_twilio.model.call import Call
from fake_twilio.twiml.fetch import NoDocument, fetch_or_fallback
from fake_twilio.twiml.source import Source
from fake_twilio.voice.allowed_verbs import BEFORE_ANSWERING
from fake_twilio.voice.session import HangUp, Session

APOLOGY = "We are sorry, an application error has occurred. Goodbye."
MOST_DOCUMENTS = 500
"""The limit for redirects in a circle, which would never end at pace 0."""


@dataclass(frozen=True)
class Interruption:
    """A hang-up (None), or the new document of an update by REST."""

    source: Source | None


async def talk(session: Session, source: Source) -> bool:
    """Run the document and those of updates by REST; return whether somebody, or a document, hung up."""
    while True:
        running = session.beside(session.call)
        interruption = await until_interrupted(session.call, interpret(running, source))
        if not interruption:
            return running.hung_up
        if not interruption.source:
            return True
        session.call.line.after_hangup.clear()
        source = interruption.source


async def until_interrupted(call: Call, doing: Coroutine[Any, Any, object]) -> Interruption | None:
    """Run a coroutine on a call; return None when it has ended, else the interruption."""
    running = asyncio.ensure_future(doing)
    interruption = asyncio.ensure_future(call.control.interruptions.get())
    try:
        await asyncio.wait({running, interruption}, return_when=asyncio.FIRST_COMPLETED)
        if interruption.done():
            return Interruption(interruption.result())
        running.result()
        return None
    finally:
        running.cancel()
        interruption.cancel()
        await asyncio.wait({running, interruption})
        call.interrupted = False


async def interpret(session: Session, source: Source) -> None:
    """Run the document at `source` and those that follow it."""
    try:
        for _ in range(MOST_DOCUMENTS):
            document = await load(session, source)
            following = await run(session, document)
            if following is None:
                return
            source = following
        session.fault(None, f"{MOST_DOCUMENTS} documents in one call: they redirect in a circle")
    except HangUp:
        session.hung_up = True


async def run(session: Session, document: Element) -> Source | None:
    """Run the verbs in order; return the source of the next document, if any."""
    for place, element in enumerate(document):
        if element.tag == "Reject" and place:
            session.fault(None, "Reject must be the first verb of its document")
        if session.only and element.tag not in session.only:
            session.fault(None, f"{element.tag}: not allowed while a caller waits, or before a callee is connected")
            continue
        verb = session.verbs.get(element.tag)
        if verb is None:
            not_simulated(session, element)
            continue
        on_bridge = element.tag == "Dial" and element.get("answerOnBridge") == "true"
        if element.tag not in BEFORE_ANSWERING and not on_bridge:
            session.pick_up()
        following = await verb(session, element)
        if following is not None:
            return following
    return None


def not_simulated(session: Session, element: Element) -> None:
    """Show a verb that is not simulated on the phone, and skip it."""
    with session.step(element.tag, detail=f"<{element.tag}> is not simulated: skipped"):
        pass


async def load(session: Session, source: Source) -> Element:
    """Load the document at `source` or at the fallback address; without one, the caller hears Twilio's apology."""
    try:
        return await fetch_or_fallback(session, source)
    except NoDocument:
        session.pick_up()
        with session.step("Say", text=APOLOGY, voice="", language="", loop=1):
            await session.pass_time(3)
        raise HangUp from None
