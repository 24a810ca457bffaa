"""Who has texted STOP to one of our numbers, and what Twilio itself answers to such words.

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
    """`STOP`, `START` or `HELP` when a text asks for one of these, and nothing but that; else an empty string."""
    word = body.strip().upper()
    kinds = (("STOP", STOP), ("START", START), ("HELP", HELP))
    return next((kind for kind, words in kinds if word in words), "")


class OptOuts:
    """The list of those who want no texts."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()

    def note(self, kind: str, person: str, sender: str) -> None:
        """Somebody has texted one of the words to `sender`."""
        if kind == "STOP":
            self.pairs.add((person, sender))
        elif kind == "START":
            self.pairs.discard((person, sender))

    def refuses(self, person: str, sender: str) -> bool:
        """Whether `person` wants no texts from `sender`."""
        return (person, sender) in self.pairs
