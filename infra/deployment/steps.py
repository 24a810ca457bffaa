"""A script as a row of steps: a failure tells which step failed, what stands by then, and what to type next."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from deployment.azure_cli import AzFailed
from deployment.explain import explain
from deployment.terminal import Refused, Terminal, this_command
from deployment.twilio_api import TwilioSaidNo, TwilioUnreachable


class Failed(Exception):
    """A step failed for a reason that its own code found; `advice` are the lines to follow.

    `again` is False where the same command would fail the same way.
    """

    def __init__(self, reason: str, *advice: str, again: bool = True) -> None:
        """Keep the reason and the advice."""
        super().__init__(reason)
        self.advice = advice
        self.again = again


class Steps:
    """Counts the steps, and remembers what they have left in the world."""

    def __init__(self, terminal: Terminal) -> None:
        """Begin with nothing done."""
        self.terminal = terminal
        self.number = 0
        self.title = "Begin"
        self.left: list[str] = []

    def begin(self, title: str) -> None:
        """Announce the next step."""
        self.number += 1
        self.title = title
        self.terminal.say(f"\n{self.number}. {title}")

    def leaves(self, what: str) -> None:
        """Remember what a step has made or changed."""
        if what not in self.left:
            self.left.append(what)

    def report(self, reason: str, advice: list[str], again: bool = True) -> None:
        """Print a failure."""
        if again:
            again_line = "Type the same command again; what is done already is found and kept:"
            advice = [*advice, f"{again_line}\n    {this_command()}"]
        done = [] if self.terminal.comments else self.left  # a plan changes nothing
        left = "\n".join(f"    {line}" for line in done) or "    nothing: no step has changed anything yet"
        next_lines = "".join(f"\n    {line}" for line in advice)
        step = f"step {self.number}, {self.title!r}" if self.number else "the start"
        self.terminal.error(
            f"\nStopped at {step}.\n  Why:\n    {reason}\n  What stands now:\n{left}"
            + (f"\n  Next:{next_lines}" if next_lines else "")
        )


def run(terminal: Terminal, main: Callable[[Steps], None]) -> int:
    """Run a script's steps; return its exit code."""
    steps = Steps(terminal)
    try:
        with interruptible():
            main(steps)
    except AzFailed as error:
        steps.report(f"{error}:\n    {indent(error.text)}", explain(error.text))
    except Failed as error:
        steps.report(indent(str(error)), [indent(line) for line in error.advice], error.again)
    except TwilioSaidNo as error:
        wrong = ["Copy the SIDs and secrets again from https://console.twilio.com; is the account suspended, perhaps?"]
        steps.report(indent(str(error)), wrong if error.status == 401 else [])
    except TwilioUnreachable as error:
        steps.report(indent(str(error)), [])
    except Refused as error:
        steps.report(indent(str(error)), [], again=False)
    except KeyboardInterrupt:
        steps.report("It was interrupted. What was asked of Azure or Twilio by then may still be done.", [])
        return 130
    else:
        return 0
    return 1


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the script as Ctrl-C does, so that temporary files are removed."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.stdout.flush()


def indent(text: str) -> str:
    """Put every line but the first four columns to the right."""
    return text.strip().replace("\n", "\n    ")
