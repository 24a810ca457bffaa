"""What a verb listens with while it waits for keys or words."""

import asyncio
from dataclasses import dataclass

ALL_KEYS = "0123456789*#ABCD"


@dataclass(frozen=True)
class Heard:
    """A key, some words, or the news that the person will say nothing."""

    key: str = ""
    words: str = ""


SILENCE = Heard()


class CallInput:
    """Takes the keys it was told to, and words if it was told to; what nobody takes is lost, as on a real line."""

    def __init__(self, keys: str = ALL_KEYS, *, words: bool = False) -> None:
        self.keys = keys
        self.words = words
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.something = asyncio.Event()
        """Set once anything has been heard."""

    def take(self, heard: Heard) -> bool:
        """Keep it if it is wanted."""
        wanted = (self.words if heard.words else heard.key in self.keys) if heard != SILENCE else True
        if wanted:
            self.heard.put_nowait(heard)
            self.something.set()
        return wanted
