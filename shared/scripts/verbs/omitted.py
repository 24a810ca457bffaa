"""Elements of Twilio's library that scripts deliberately do not support, each with the reason."""

from __future__ import annotations

CARDS = "it takes payment card numbers, which must not pass through this app"

OMITTED = {
    "Pay": CARDS,
    "Prompt": CARDS,
    "Autopilot": "Twilio has retired it",
}
