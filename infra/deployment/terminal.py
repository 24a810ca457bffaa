"""What the scripts print and ask. A secret that was hidden once cannot be printed any more, whoever tries."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

# A command line that holds one of these has to be expanded by the shell; only the plan prints such.
SHELL_VARIABLE = re.compile(r"\$[A-Z][A-Z_]*")


class Refused(Exception):
    """The person's input, or their absence, stops the script; the message says what to do."""


class Terminal:
    """Standard output and input, with the secrets taken out."""

    def __init__(self, comments: bool = False) -> None:
        """With `comments`, everything but commands becomes a comment, so that the output is a shell script."""
        self.comments = comments
        self.hidden: set[str] = set()
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    def hide(self, secret: str) -> str:
        """Never print this text from now on; returns it."""
        if secret:
            self.hidden.add(secret)
        return secret

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def say(self, text: str = "") -> None:
        """Print words for the person."""
        for line in self.clean(text).split("\n"):
            print(f"# {line}".rstrip() if self.comments and line else line, flush=True)

    def error(self, text: str) -> None:
        """Print words about a failure."""
        print(self.clean(text), file=sys.stderr, flush=True)

    def command(self, words: Sequence[str] | str) -> None:
        """Print a command line that can be copied."""
        line = words if isinstance(words, str) else command_line(words)
        print(self.clean(line) if self.comments else f"$ {self.clean(line)}", flush=True)

    def ask(self, question: str) -> str:
        """Return what the person types."""
        self.need_person(question)
        try:
            return input(f"{question}: ").strip()
        except EOFError:
            raise Refused("Nothing was answered, so nothing was changed.") from None

    def ask_secret(self, question: str) -> str:
        """Return what the person types, unseen."""
        self.need_person(question)
        try:
            return self.hide(getpass.getpass(f"{question} (not shown): ").strip())
        except EOFError:
            raise Refused("Nothing was answered, so nothing was changed.") from None

    def confirm(self, question: str) -> bool:
        """Whether the person says yes."""
        return self.ask(f"{question} [y/N]").lower() in ("y", "yes")

    def has_person(self) -> bool:
        """Whether somebody can answer."""
        return sys.stdin.isatty()

    def need_person(self, question: str) -> None:
        """Raise Refused where nobody can answer."""
        if not self.has_person():
            raise Refused(f"Nobody is here to answer: {question}\nA pipeline answers beforehand; see --help.")


def command_line(words: Sequence[str]) -> str:
    """Return the words as a shell reads them."""
    return " ".join(quote(word) for word in words)


def quote(word: str) -> str:
    """Quote a word where a shell needs it, and leave variables to be expanded."""
    if SHELL_VARIABLE.search(word):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return shlex.quote(word)


def this_command(without: str = "", more: Sequence[str] = ()) -> str:
    """Return the command that runs now, as the person would type it again."""
    options = [word for word in sys.argv[1:] if word != without]
    return command_line(["py" if os.name == "nt" else "python3", as_typed(Path(sys.argv[0])), *options, *more])


def as_typed(path: Path) -> str:
    """Return a path as one would type it here."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # it is on another drive of Windows
        return path.as_posix()
