"""A call: Twilio's Call resource. The rest is in its `line` (what the phone shows) and its `control`."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_twilio.dates import now, rfc2822
from fake_twilio.form import Form
from fake_twilio.model.call_control import CallControl
from fake_twilio.model.call_input import SILENCE, Heard
from fake_twilio.model.line import Line
from fake_twilio.runtime.idle_tracker import Waiter
from fake_twilio.twiml.source import Source
from fake_twilio.webhooks.fields import Fields

FINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(eq=False)
class Call(Waiter):
    """One call. `parameters` are those of the request that created it."""

    sid: str
    account_sid: str
    to: str
    from_: str
    number: int
    parameters: Form
    direction: str = "outbound-api"
    parent_call_sid: str | None = None
    asked_with: Fields = ()
    """Parameters of the first request for a document only: those of a browser that calls."""
    client_parameters: dict[str, str] = field(default_factory=dict)
    """Custom parameters for the client that is called."""
    token: str = ""
    """The CallToken of an inbound call, which identifies it when it is forwarded."""
    status: str = "queued"
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    started: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    answered_by: str | None = None
    line: Line = field(default_factory=Line)
    control: CallControl = field(default_factory=CallControl)

    @property
    def person(self) -> str:
        """The number of the phone at the other end; for a client without the custom parameters of the call."""
        address = self.from_ if self.direction == "inbound" else self.to
        return address.partition("?")[0] if address.startswith("client:") else address

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.status in FINAL

    @property
    def duration(self) -> int | None:
        """Seconds from the answer to the end, at least one; 0 without an answer, None while the call lasts."""
        if self.ended is None:
            return None
        return max(1, math.ceil((self.ended - self.answered).total_seconds())) if self.answered else 0

    def decide(self, outcome: str) -> bool:
        """Answer, decline or cancel; return whether the call was still ringing or waiting to ring."""
        if self.over or self.answered or self.control.decided.is_set():
            return False
        self.control.outcome = outcome
        self.control.decided.set()
        self.wake()
        return True

    def interrupt(self, source: Source | None) -> None:
        """Hang up (None), or replace the document that runs."""
        self.control.ending = source is None
        self.interrupted = True
        self.control.interruptions.put_nowait(source)
        self.wake()

    def press(self, keys: str) -> None:
        """Press keys on the phone."""
        self.line.keys += keys
        for key in keys.upper():
            self.hear(Heard(key=key))

    def speak(self, words: str) -> bool:
        """Speak on the phone; return whether something listens."""
        taps = [tap.hear for tap in self.line.taps if tap.hear]
        for hear in taps:
            hear(words)
        return self.hear(Heard(words=words)) or bool(taps)

    def keep_silent(self) -> bool:
        """End the wait of the verb that listens, as silence would; return whether one listens."""
        return self.hear(SILENCE)

    def hear(self, heard: Heard) -> bool:
        """Pass input to the verb that listens; return whether it accepts it."""
        taken = self.line.call_input is not None and self.line.call_input.take(heard)
        if taken:
            self.line.answers += 1
            self.wake()
        return taken

    def heard(self) -> str:
        """Return the words that the app has spoken so far."""
        return " ".join(step.about["text"] for step in self.line.steps if step.verb == "Say")

    def to_json(self) -> dict[str, Any]:
        """Return Twilio's representation (https://www.twilio.com/docs/voice/api/call-resource#call-properties)."""
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Calls/{self.sid}"
        duration = self.duration
        return {
            "account_sid": self.account_sid,
            "answered_by": self.answered_by,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "direction": self.direction,
            "duration": None if duration is None else str(duration),
            "end_time": rfc2822(self.ended),
            "forwarded_from": None,
            "from": self.from_,
            "from_formatted": formatted(self.from_),
            "group_sid": None,
            "parent_call_sid": self.parent_call_sid,
            "phone_number_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": rfc2822(self.started),
            # Only callbacks have the status `initiated`; the resource says `queued`.
            "status": "queued" if self.status == "initiated" else self.status,
            "subresource_uris": {
                name: f"{uri}/{path}.json"
                for name, path in (
                    ("events", "Events"),
                    ("notifications", "Notifications"),
                    ("payments", "Payments"),
                    ("recordings", "Recordings"),
                    ("siprec", "Siprec"),
                    ("streams", "Streams"),
                    ("transcriptions", "Transcriptions"),
                    ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
                    ("user_defined_messages", "UserDefinedMessages"),
                )
            },
            "to": self.to,
            "to_formatted": formatted(self.to),
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }


def formatted(number: str) -> str:
    """Format a North American number as people there write it; return any other unchanged."""
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
