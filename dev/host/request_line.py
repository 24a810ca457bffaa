"""The line that the laptop's host prints for a request; for Twilio's callbacks with the SID and the status."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
STATUS = re.compile(r"[a-z-]{1,40}")
# A callback about a recording or a conference has a CallSid too, so the order matters.
FIELDS = (
    ("RecordingSid", "RecordingStatus"),
    ("ConferenceSid", "StatusCallbackEvent"),
    ("MessageSid", "MessageStatus"),
    ("MessageSid", "SmsStatus"),
    ("CallSid", "CallStatus"),
)
LONGEST_BODY = 16 * 1024


def request_line(method: str, path: str, status: int, milliseconds: float, content_type: str, body: bytes) -> str:
    """Return a line such as `INFO host: POST /api/status_callback 204 CA... ringing 2.1 ms`."""
    words = ["INFO host:", method, path, str(status)]
    if content_type == "application/x-www-form-urlencoded" and len(body) <= LONGEST_BODY:
        words += sid_and_status(body)
    return " ".join([*words, f"{milliseconds:.1f} ms"])


def sid_and_status(body: bytes) -> list[str]:
    """Return the SID and the status that a form of Twilio's names; empty for any other form."""
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    for sid, status in FIELDS:
        if SID.fullmatch(form.get(sid, "")) and STATUS.fullmatch(form.get(status, "")):
            return [form[sid], form[status]]
    return []
