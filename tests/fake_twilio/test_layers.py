"""Which module of the emulator may import which."""

from __future__ import annotations

from tests.support.imports import Layers, import_graph, violations

# From top to bottom; what is on one line must not import each other.
LAYERS: Layers = [
    ["fake_twilio.testing", "fake_twilio.__main__"],
    ["fake_twilio.server"],
    ["fake_twilio.clients"],
    ["fake_twilio.rest", "fake_twilio.phones"],
    ["fake_twilio.voice"],
    ["fake_twilio.messaging"],
    ["fake_twilio.snapshot"],
    ["fake_twilio.simulator"],
    ["fake_twilio.options"],
    ["fake_twilio.model"],
    ["fake_twilio.twiml"],
    ["fake_twilio.webhooks"],
    ["fake_twilio.faults"],
    [
        *("fake_twilio.chaos", "fake_twilio.addresses", "fake_twilio.dates", "fake_twilio.form"),
        "fake_twilio.rest_failures",
        "fake_twilio.runtime",
    ],
    ["fake_twilio"],  # fake_twilio/__init__.py
]


def test_a_folder_of_the_emulator_imports_only_from_lower_ones() -> None:
    """It imports nothing else of the project either, so that other projects can use it."""
    assert violations(import_graph("fake_twilio"), LAYERS) == []
