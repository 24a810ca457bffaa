"""How the account stands: trial or paid, the money that is left, the countries that may be called and texted."""

from dataclasses import dataclass, field


@dataclass
class Standing:
    """What a person sees in Twilio's console."""

    type: str = "Full"
    status: str = "active"
    balance: str = "21.42"
    currency: str = "USD"
    callable: set[str] = field(default_factory=lambda: {"US", "CA"})
    textable: set[str] = field(default_factory=lambda: {"US", "CA"})
