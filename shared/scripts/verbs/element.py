"""What all verbs and nouns are: structs that know their name in TwiML."""

from __future__ import annotations

import msgspec


class Marker:
    """Marks what a field is beside its type."""

    def __init__(self, role: str) -> None:
        """Name the role."""
        self.role = role

    def __repr__(self) -> str:
        """Return the role."""
        return self.role


# The field is the text of the element; the field holds the elements within it.
Content = Marker("Content")
Children = Marker("Children")
# The field is an address: a path on our own site is made absolute, a placeholder in it is percent-encoded.
Address = Marker("Address")


class Element(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A verb or noun; its tag is its name in TwiML, its fields have the names of Twilio's Python library."""
