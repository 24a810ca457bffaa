"""The input that a verb waits for: keys or words."""

import asyncio
from dataclasses import dataclass

ALL_KEYS = "0123456789*#ABCD"


@dataclass(frozen=True)
class Heard:
    """A key, some words, or (with neither) silence."""

    key: str = ""
    words: str = ""


SILENCE = Heard()


class CallInput:
    """Accepts certain keys, and words if wanted. Other input is lost, as on a real line."""

    def __init__(self, keys: str = ALL_KEYS, *, words: bool = False) -> None:
        self.keys = keys
        self.words = words
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.something = asyncio.Event()
        """Set once there was any input."""

    def take(self, heard: Heard) -> bool:
        """Keep the input if it is wanted; return whether it is."""
        wanted = (self.words if heard.words else heard.key in self.keys) if heard != SILENCE else True
        if wanted:
            self.heard.put_nowait(heard)
            self.something.set()
        return wanted
