"""The verbs and nouns of messaging.

https://www.twilio.com/docs/messaging/twiml
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from shared.scripts.verbs.element import Children, Content
from shared.scripts.verbs.nouns import Noun
from shared.scripts.verbs.types import Method, PhoneNumber, WebAddress, text
from shared.scripts.verbs.voice import Redirect, Verb


class Body(Noun, tag="Body"):
    """The text of a message."""

    message: Annotated[Annotated[str, text(1600)], Content]


class Media(Noun, tag="Media"):
    """A picture or other file."""

    url: Annotated[WebAddress, Content]


class Message(Verb, tag="Message"):
    """Send a message, to the sender of the inbound one unless `to` is given.

    https://www.twilio.com/docs/messaging/twiml/message
    """

    body: Annotated[Annotated[str, text(1600)], Content] | None = None
    nouns: Annotated[list[Body | Media], Meta(max_length=11), Children] | None = None
    to: PhoneNumber | None = None
    from_: PhoneNumber | None = field(default=None, name="from")
    action: WebAddress | None = None
    method: Method | None = None
    status_callback: WebAddress | None = None


VERBS: tuple[type[Verb], ...] = (Message, Redirect)
