"""What somebody hears who waits: the document of a waitUrl, over and over."""

from fake_twilio.twiml.fetch import NoDocument, fetch
from fake_twilio.twiml.source import Source
from fake_twilio.voice.interpreter import run
from fake_twilio.voice.session import Session


async def play_wait_url(session: Session, start: Source | None) -> None:
    """Never ends by itself. Without a document there is Twilio's own music, which nobody hears here."""
    source, line = start, session.call.line
    while source and start:
        answers = line.answers
        try:
            document = await fetch(session, source)
        except NoDocument:
            break
        source = await run(session, document) or start
        if not session.simulator.pace.factor and line.answers == answers:
            # Where music takes no time it would be asked for again and again.
            break
        await session.pass_time(1)
    await session.rest()
