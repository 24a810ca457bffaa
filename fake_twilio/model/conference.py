"""Conferences and their participants."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from fake_twilio.dates import now
from fake_twilio.model.call import Call
from fake_twilio.model.recording import Recording
from fake_twilio.webhooks.callback_settings import CallbackSettings


@dataclass(eq=False)
class Participant:
    """One call in a conference."""

    call: Call
    starts: bool = True
    """Whether the conference may start when this participant joins (`startConferenceOnEnter`)."""
    ends: bool = False
    """Whether the conference ends when this participant leaves (`endConferenceOnExit`)."""
    muted: bool = False
    coaching: bool = False
    label: str = ""
    joined: datetime = field(default_factory=now)
    updates: int = 0
    """How often REST had updated the call before it joined."""
    called_in: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the conference has started."""
    sent_out: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the conference is over."""


@dataclass(eq=False)
class Conference:
    """A conference, as long as it has participants. The first one's noun names the address for its callbacks."""

    name: str
    number: int
    callback: CallbackSettings
    sid: str = field(default_factory=lambda: f"CF{uuid4().hex}")
    participants: list[Participant] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    ended_by_api: bool = False
    started: bool = False
    sequence: int = 0
    recording: Recording | None = None
    recording_callback: CallbackSettings = field(default_factory=CallbackSettings)
