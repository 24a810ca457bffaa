"""What can be set when the emulator starts; the command line, the server and the tests share this list."""

from dataclasses import dataclass, field
from pathlib import Path

from fake_twilio.chaos import Chaos
from fake_twilio.model.account import Account
from fake_twilio.webhooks.answer_checks import SLOW


@dataclass(frozen=True)
class Options:
    """The options of one emulator."""

    account: Account = field(default_factory=Account)
    port: int = 7072
    """Where to listen; 0 takes a free port."""
    bind: str = "127.0.0.1"
    """The IPv4 address to listen at."""
    pace: float = 1.0
    """How long people and networks take: 1 is real time, 0.5 half of it, 0 no time."""
    chaos: Chaos | None = None
    """Duplicates, reorders, delays and drops status callbacks."""
    latency: float = 0.0
    """Seconds to wait before each answer of the REST API."""
    autopilot: bool = False
    """Whether phones answer calls by themselves after a moment."""
    life: bool = True
    """Whether calls and messages do anything after they were created."""
    app_url: str = "http://127.0.0.1:7071"
    """The app, for the commands that the phones page shows."""
    app_key: str = ""
    """The function key in these commands."""
    data: Path | None = None
    """A folder that keeps the phones, their threads and the webhooks between two runs."""
    advanced_opt_out: bool = False
    """Whether the account uses Advanced Opt-Out: only then do webhooks have an OptOutType."""
    slow: float = SLOW
    """Seconds after which an answer of the app counts as slow."""
