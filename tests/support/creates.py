"""The calls and messages that the app has asked the emulator to create."""

from __future__ import annotations

from fake_twilio.testing import FakeTwilio

Form = dict[str, list[str]]


def creates(fake_twilio: FakeTwilio) -> list[Form]:
    """Return the form of each request to create a call or message."""
    forms = []
    for request in fake_twilio.requests:
        if request.method == "POST":
            form: Form = {}
            for name, value in request.form:
                form.setdefault(name, []).append(value)
            forms.append(form)
    return forms


def only_create(fake_twilio: FakeTwilio) -> Form:
    """Return the form of the only request to create a call or message."""
    [form] = creates(fake_twilio)
    return form
