"""How a call is steered from outside while it rings or is in progress."""

import asyncio
from dataclasses import dataclass, field

from fake_twilio.twiml.source import Source


@dataclass(eq=False)
class CallControl:
    """What other tasks tell the task that runs the call, and the number of its next status callback."""

    decided: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the phone, or an update by REST, has decided how the ringing ends."""
    outcome: str = ""
    """The decision: `in-progress` or a final status."""
    interruptions: asyncio.Queue[Source | None] = field(default_factory=asyncio.Queue)
    """While the call is in progress: None ends it, a source replaces the document that runs."""
    ending: bool = False
    """Whether the latest interruption ends the call."""
    updates: int = 0
    """How often REST has replaced the document that ran, or ended the call."""
    sequence: int = 0
    """Twilio's SequenceNumber of the next status callback."""
