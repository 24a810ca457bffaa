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

FINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(eq=False)
class Call(Waiter):
    """One call. `parameters` is what it was created with."""

    sid: str
    account_sid: str
    to: str
    from_: str
    number: int
    parameters: Form
    direction: str = "outbound-api"
    parent_call_sid: str | None = None
    token: str = ""
    """What an incoming call is known by when it is forwarded (CallToken)."""
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
        """The number of the phone whose call this is."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def over(self) -> bool:
        """Whether the call has come to its end."""
        return self.status in FINAL

    @property
    def duration(self) -> int | None:
        """Seconds from answer to end, at least one for a call that was answered; None while it lasts."""
        if self.ended is None:
            return None
        return max(1, math.ceil((self.ended - self.answered).total_seconds())) if self.answered else 0

    def decide(self, fate: str) -> bool:
        """Answer, decline, cancel: True when the call was still ringing or waiting to."""
        if self.over or self.answered or self.control.decided.is_set():
            return False
        self.control.fate = fate
        self.control.decided.set()
        self.wake()
        return True

    def interrupt(self, source: Source | None) -> None:
        """Hang up, or give a call in progress another document."""
        self.control.interruptions.put_nowait(source)
        self.wake()

    def press(self, keys: str) -> None:
        """Keys pressed on the phone, for whatever listens."""
        self.line.keys += keys
        for key in keys.upper():
            self.hear(Heard(key=key))

    def speak(self, words: str) -> bool:
        """Words spoken on the phone; True when something listens to them."""
        taps = [tap.hear for tap in self.line.taps if tap.hear]
        for hear in taps:
            hear(words)
        return self.hear(Heard(words=words)) or bool(taps)

    def keep_silent(self) -> bool:
        """Say nothing until whatever listens gives up, which here it does at once; False when nothing listens."""
        return self.hear(SILENCE)

    def hear(self, heard: Heard) -> bool:
        """Let the verb that listens hear something."""
        taken = self.line.call_input is not None and self.line.call_input.take(heard)
        if taken:
            self.line.answers += 1
            self.wake()
        return taken

    def heard(self) -> str:
        """The words spoken so far."""
        return " ".join(step.about["text"] for step in self.line.steps if step.verb == "Say")

    def to_json(self) -> dict[str, Any]:
        """Twilio's representation (https://www.twilio.com/docs/voice/api/call-resource#call-properties)."""
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Calls/{self.sid}"
        duration = self.duration
        return {
            "account_sid": self.account_sid,
            "annotation": None,
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
            # The resource knows no `initiated`; only the callback does.
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
    """North American numbers as people there write them; any other as it is."""
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
