"""The base class of verbs and nouns, and the markers of their fields."""

from __future__ import annotations

import msgspec


class Marker:
    """Annotation of a field: its role in the element, besides its type."""

    def __init__(self, role: str) -> None:
        """Set the role."""
        self.role = role

    def __repr__(self) -> str:
        """Return the role."""
        return self.role


# The field is the text of the element.
Content = Marker("Content")
# The field is a list of the element's children.
Children = Marker("Children")
# The field is a URL: a path on the app's site is made absolute, and a placeholder in it is percent-encoded.
Address = Marker("Address")


class Element(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A verb or noun; its tag is its name in TwiML, its fields have the names that Twilio's Python library uses."""
