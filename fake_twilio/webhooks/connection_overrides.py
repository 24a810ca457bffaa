"""Connection overrides: `#rc=3&rp=ct,rt,5xx` and similar settings at the end of an address.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})
RANGES = {"ct": (100, 10000), "rt": (100, 15000), "tt": (100, 15000), "rc": (0, 5)}


@dataclass(frozen=True)
class Overrides:
    """Time limits for connection, answer and the whole, in seconds; retries, and the failures that are retried."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    invalid: tuple[str, ...] = ()
    """Settings that could not be parsed; Twilio then uses the default."""

    @classmethod
    def of(cls, url: str) -> "Overrides":
        """Parse the fragment of `url`."""
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
        """Tell whether an attempt with this failure (`ct`, `rt`, `4xx`, `5xx`, or empty) is repeated."""
        return bool(failure) and (failure in self.policy or "all" in self.policy)
