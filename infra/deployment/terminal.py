"""What the commands print and ask, without secrets: a text that was hidden once is never printed."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from pathlib import Path


class Failed(Exception):
    """A step failed; `advice` is what to do."""

    def __init__(self, reason: str, *advice: str) -> None:
        """Keep the reason and the advice."""
        super().__init__(reason)
        self.advice = advice


class Refused(Failed):
    """The same command would fail the same way: by wrong input, or without a terminal to ask at."""


class Terminal:
    """Standard output and input."""

    def __init__(self) -> None:
        """Begin with nothing hidden."""
        self.hidden: set[str] = set()

    def hide(self, secret: str) -> str:
        """Never print this text from now on; return it."""
        self.hidden |= {secret} - {""}
        return secret

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def say(self, text: str = "", error: bool = False) -> None:
        """Print to standard output, or to standard error."""
        stream = sys.stderr if error else sys.stdout
        encoding = stream.encoding or "utf-8"
        print(self.clean(text).encode(encoding, "replace").decode(encoding), file=stream, flush=True)

    def ask(self, question: str, secret: bool = False) -> str:
        """Return what the user types; a secret is not shown. Raises Refused without a terminal."""
        self.need_person(question)
        try:
            return (
                self.hide(getpass.getpass(f"{question} (not shown): ").strip())
                if secret
                else input(f"{question}: ").strip()
            )
        except EOFError:
            raise Refused("There was no answer.") from None

    def agree(self, question: str, agreed: bool = False) -> None:
        """Raise Refused unless the user has agreed already, or says yes."""
        if not agreed and self.ask(f"{question} [y/N]").lower() not in ("y", "yes"):
            raise Refused("The answer was no, so this was not done.")

    def has_person(self) -> bool:
        """Whether there is a terminal to ask at."""
        return sys.stdin.isatty()

    def need_person(self, question: str) -> None:
        """Raise Refused without a terminal."""
        if not self.has_person():
            raise Refused(f"No terminal to ask at: {question}", "Give the answer by an option, like --yes; see --help.")


def this_command(without: str = "") -> str:
    """Return the command that runs now, as it would be typed again."""
    options = [word for word in sys.argv[1:] if word != without]
    return shlex.join(["py" if os.name == "nt" else "python3", as_typed(Path(sys.argv[0])), *options])


def as_typed(path: Path) -> str:
    """Return a path relative to the current folder."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # it is on another drive of Windows
        return path.as_posix()
