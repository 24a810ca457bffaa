"""Runs TwiML: loads a document, does its verbs one after the other, goes on to the next document."""

from xml.etree.ElementTree import Element

from .call import Source
from .documents import load
from .session import HangUp, Session
from .verbs import VERBS, not_simulated

MOST_DOCUMENTS = 500
"""A call that redirects in a circle stops here: at pace 0 it would go round for ever."""


async def interpret(session: Session, source: Source) -> None:
    """Run the document at `source` and all that it leads to; then the call is over."""
    try:
        for _ in range(MOST_DOCUMENTS):
            document = await load(session, source)
            following = await run(session, document)
            if following is None:
                return
            source = following
        session.fault(None, f"{MOST_DOCUMENTS} documents in one call: it redirects in a circle")
    except HangUp:
        return


async def run(session: Session, document: Element) -> Source | None:
    """Do the verbs in order, up to the first that leads to another document."""
    for place, element in enumerate(document):
        verb = VERBS.get(element.tag, not_simulated)
        if element.tag == "Reject" and place:
            session.fault(None, "Reject must be the first verb of its document")
        following = await verb(session, element)
        if following is not None:
            return following
    return None
