"""What a waiting caller hears: the document of a waitUrl, repeated."""

from fake_twilio.twiml.fetch import NoDocument, fetch
from fake_twilio.twiml.source import Source
from fake_twilio.voice.interpreter import run
from fake_twilio.voice.session import Session


async def play_wait_url(session: Session, start: Source | None) -> None:
    """Repeat the document until cancelled. Without one there is Twilio's own music, which is silent here."""
    source, line = start, session.call.line
    while source and start:
        answers = line.answers
        try:
            document = await fetch(session, source)
        except NoDocument:
            break
        source = await run(session, document) or start
        if not session.simulator.pace.factor and line.answers == answers:
            # At pace 0 the music takes no time, and would be requested without end.
            break
        await session.pass_time(1)
    await session.rest()
