"""How a webhook is tried: `#rc=3&rp=ct,rt,5xx` and its kin at the end of its address.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})


RANGES = {"ct": (100, 10000), "rt": (100, 15000), "tt": (100, 15000), "rc": (0, 5)}


@dataclass(frozen=True)
class Overrides:
    """Seconds to wait for a connection, for an answer, and altogether; how often to try again, and after what."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    invalid: tuple[str, ...] = ()
    """What could not be read; Twilio then keeps the default."""

    @classmethod
    def of(cls, url: str) -> "Overrides":
        """Read the fragment of `url`."""
        values: dict[str, float] = {}
        policy, invalid = cls.policy, []
        for key, value in parse_qsl(url.partition("#")[2], keep_blank_values=True):
            if key == "rp":
                words = frozenset(value.split(","))
                if words <= POLICIES:
                    policy = words
                else:
                    invalid.append(f"rp={value}")
            elif key in RANGES:
                lowest, highest = RANGES[key]
                if value.isascii() and value.isdigit() and lowest <= int(value) <= highest:
                    values[key] = int(value)
                else:
                    invalid.append(f"{key}={value}")
        return cls(
            connect=values.get("ct", 5000) / 1000,
            read=values.get("rt", 15000) / 1000,
            total=values.get("tt", 15000) / 1000,
            retries=int(values.get("rc", 1)),
            policy=policy,
            invalid=tuple(invalid),
        )

    def retry(self, failure: str) -> bool:
        """Whether a try that failed in this way (`ct`, `rt`, `4xx`, `5xx`; empty: it did not) is made again."""
        return bool(failure) and (failure in self.policy or "all" in self.policy)
