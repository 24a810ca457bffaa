"""What somebody hears who waits: the document of a waitUrl, over and over."""

from .call import Source
from .documents import NoDocument, obtain
from .interpreter import run
from .session import Session

WHILE_WAITING = frozenset({"Gather", "Hangup", "Leave", "Pause", "Play", "Redirect", "Say"})


async def hold(session: Session, start: Source | None) -> None:
    """Never ends by itself. Without a document there is Twilio's own music, which nobody hears here."""
    source, line = start, session.call.line
    while source and start:
        answers = line.answers
        try:
            document = await obtain(session, source)
        except NoDocument:
            break
        source = await run(session, document) or start
        if not session.exchange.clock.pace and line.answers == answers:
            # Where music takes no time it would be asked for again and again.
            break
        await session.pass_time(1)
    await session.rest()
