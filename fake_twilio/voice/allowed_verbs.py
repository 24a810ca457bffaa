"""The verbs that are allowed where not every verb is."""

BEFORE_ANSWERING = frozenset({"Pause", "Redirect", "Reject"})
"""Verbs that do not pick up an incoming call; Dial does not where it has answerOnBridge."""


WHILE_WAITING = frozenset({"Gather", "Hangup", "Leave", "Pause", "Play", "Redirect", "Say"})


BEFORE_CONNECTING = frozenset({"Gather", "Hangup", "Pause", "Play", "Redirect", "Say"})
"""What whoever answers may be told and asked before being connected (the `url` of Number, Client and Sip)."""
