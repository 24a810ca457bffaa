"""Attributes of verbs, read as Twilio reads them: what makes no sense has been reported, and has its default."""

from xml.etree.ElementTree import Element


def whole_number(element: Element, name: str, default: int) -> int:
    """A number of seconds or times."""
    value = element.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
