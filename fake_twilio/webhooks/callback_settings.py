"""The settings of a status callback: address, method and events."""

from dataclasses import dataclass

from fake_twilio.form import Form


@dataclass(frozen=True)
class CallbackSettings:
    """Where to send status callbacks. Without an address none are sent."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset()

    @classmethod
    def of(cls, form: Form, name: str, *default: str) -> "CallbackSettings":
        """Return the settings in the parameters `name`, `nameMethod` and `nameEvent` of a create."""
        events = [event.lower() for event in form.all(f"{name}Event")] or default
        return cls(form.get(name), form.get(f"{name}Method").upper() or "POST", frozenset(events))

    def wants(self, event: str) -> bool:
        """Tell whether the app asked for `event`."""
        return bool(self.url) and event in self.events
