"""The verbs of voice TwiML that are simulated: one module each, one function each.

A verb is `async def verb(session, element)`. It returns None to go on with the next verb, or the source of the document
that takes over; it raises `HangUp` to end the call.
"""

from collections.abc import Awaitable, Callable
from xml.etree.ElementTree import Element

from ..call import Source
from ..session import Session
from .hangup import hangup
from .pause import pause
from .play import play
from .redirect import redirect
from .reject import reject
from .say import say

Verb = Callable[[Session, Element], Awaitable[Source | None]]

VERBS: dict[str, Verb] = {
    "Hangup": hangup,
    "Pause": pause,
    "Play": play,
    "Redirect": redirect,
    "Reject": reject,
    "Say": say,
}


async def not_simulated(session: Session, element: Element) -> None:
    """Any other verb is shown on the phone, and skipped."""
    with session.step(element.tag, detail=f"<{element.tag}> is not simulated here: skipped"):
        pass
