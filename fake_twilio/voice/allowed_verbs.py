"""The verbs that are allowed where not every verb is."""

BEFORE_ANSWERING = frozenset({"Pause", "Redirect", "Reject"})
"""Verbs that do not answer an inbound call; neither does a Dial with answerOnBridge."""

WHILE_WAITING = frozenset({"Gather", "Hangup", "Leave", "Pause", "Play", "Redirect", "Say"})
BEFORE_CONNECTING = frozenset({"Gather", "Hangup", "Pause", "Play", "Redirect", "Say"})
"""Verbs for the callee before being connected (the `url` of Number, Client and Sip)."""
