"""Opt-outs: who has sent STOP to which number, and Twilio's own replies to such keywords.

https://help.twilio.com/articles/223134027 and https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
START = frozenset(["START", "YES", "UNSTOP"])
HELP = frozenset(["HELP", "INFO"])

REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def keyword(body: str) -> str:
    """Return `STOP`, `START` or `HELP` if the whole message is such a keyword, else an empty string."""
    word = body.strip().upper()
    kinds = (("STOP", STOP), ("START", START), ("HELP", HELP))
    return next((kind for kind, words in kinds if word in words), "")


class OptOuts:
    """The recipients who have opted out, by sender."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()

    def note(self, kind: str, person: str, sender: str) -> None:
        """Record a keyword that a person has sent to `sender`."""
        if kind == "STOP":
            self.pairs.add((person, sender))
        elif kind == "START":
            self.pairs.discard((person, sender))

    def refuses(self, person: str, sender: str) -> bool:
        """Tell whether `person` has opted out of messages from `sender`."""
        return (person, sender) in self.pairs
