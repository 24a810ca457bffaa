"""A command as a row of steps: a failure names the step, what exists by then, and what to type next."""

from __future__ import annotations

import re
import signal
import textwrap
from collections.abc import Callable, Iterable
from types import FrameType

from deployment.azure_cli import AzFailed
from deployment.terminal import Failed, Refused, Terminal, this_command

# Parts of the Azure CLI's messages, and what to do.
ADVICE = {
    r"az login|AADSTS|No subscription found": "The login is missing or has ended: az login",
    r"roleAssignments/write": "You may not assign roles. Ask an owner of the subscription for the role "
    "'Role Based Access Control Administrator' on the resource group.",
    r"AuthorizationFailed": "Your role on the resource group does not allow this; ask an owner for 'Contributor'.",
    r"deleted state|VaultAlreadyExists": "A deleted vault keeps its name for some days: az keyvault purge --name VAULT",
    r"AlreadyTaken|given name .* already exists": "The name is taken; choose another with --name.",
    r"LocationNotAvailable": "These regions exist: az functionapp list-flexconsumption-locations -o table",
    r"not registered to use namespace '(.+?)'": r"az provider register --wait --namespace \1",
    r"Quota": "The quota of this region is used up; choose another --location, or ask Azure's support for more.",
    r"RequestDisallowedByPolicy": "A policy of your organisation forbids this; the message names it.",
    r"ForbiddenByRbac": "You need the role 'Key Vault Secrets Officer' on the vault. deploy.py assigns it where "
    "it writes secrets; a new role can take ten minutes to work.",
    r"[Bb]icep CLI|BCP\d{3}": "The template was not compiled; get the newest compiler: az bicep upgrade",
    r"Max retries exceeded|getaddrinfo": "Azure was not reached; check the network, HTTPS_PROXY and the VPN.",
}


class Steps:
    """Counts the steps, and remembers what they have made or changed."""

    def __init__(self, terminal: Terminal) -> None:
        """Begin with nothing done."""
        self.terminal = terminal
        self.number = 0
        self.title = "Begin"
        self.left: dict[str, str] = {}

    def begin(self, title: str) -> None:
        """Print the title of the next step."""
        self.number += 1
        self.title = title
        self.terminal.say(f"\n{self.number}. {title}")

    def leaves(self, what: str, topic: str = "") -> None:
        """Remember what a step has made or changed; it replaces what was remembered of the same topic."""
        self.left[topic or what] = what

    def report(self, reason: str, advice: Iterable[str] = (), again: bool = True) -> None:
        """Print a failure."""
        advice = [*advice, *(["The same command continues from here:", this_command()] if again else [])]
        left = list(self.left.values()) or ["nothing: no step has changed anything yet"]
        said = f"\nStopped at step {self.number}, {self.title!r}."
        for heading, lines in (("Why", [reason]), ("What exists now", left), ("Next", advice)):
            if lines:
                said += f"\n  {heading}:\n" + textwrap.indent("\n".join(lines), "    ")
        self.terminal.say(said, error=True)


def run(terminal: Terminal, main: Callable[[Steps], None]) -> int:
    """Run a command's steps; return its exit code.

    SIGTERM and SIGHUP end the command as Ctrl-C does, so that temporary files are removed.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    steps = Steps(terminal)
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in signals}
    for number in signals:
        if before[number] is not signal.SIG_IGN:  # as nohup sets SIGHUP
            signal.signal(number, stop)
    try:
        main(steps)
    except AzFailed as error:
        found = (
            match.expand(advice) for pattern, advice in ADVICE.items() if (match := re.search(pattern, error.text))
        )
        steps.report(f"{error}:\n{error.text}", [advice for advice in [next(found, "")] if advice])
    except Failed as error:
        steps.report(str(error), error.advice, again=not isinstance(error, Refused))
    except KeyboardInterrupt:
        steps.report("It was interrupted. Azure or Twilio may still finish what was requested.")
        return 130
    else:
        return 0
    finally:
        for number in signals:
            signal.signal(number, before[number])
    return 1
