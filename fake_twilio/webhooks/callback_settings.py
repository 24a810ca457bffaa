"""Where the app wants to be told of something: an address, a method, and the events it asked for."""

from dataclasses import dataclass

from fake_twilio.form import Form


@dataclass(frozen=True)
class CallbackSettings:
    """An order for webhooks that want nothing back. Without an address there are none."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset()

    @classmethod
    def of(cls, form: Form, name: str, *default: str) -> "CallbackSettings":
        """The one that the parameters `name`, `nameMethod` and `nameEvent` of a create describe."""
        events = [event.lower() for event in form.all(f"{name}Event")] or default
        return cls(form.get(name), form.get(f"{name}Method").upper() or "POST", frozenset(events))

    def wants(self, event: str) -> bool:
        """Whether the app is to be told of `event`."""
        return bool(self.url) and event in self.events
