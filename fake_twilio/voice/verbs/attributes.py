"""Attributes of verbs. An invalid value was reported by the check, and counts as the default."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session


def whole_number(element: Element, name: str, default: int) -> int:
    """Return an integer attribute."""
    value = element.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default


def flag(element: Element, name: str, default: bool = False) -> bool:
    """Return a boolean attribute."""
    value = element.get(name, "").lower()
    return value == "true" if value in ("true", "false") else default


def text_of(element: Element) -> str:
    """Return the text in an element, without blanks around it."""
    return (element.text or "").strip()


async def repeat(session: Session, loop: int, seconds: float) -> None:
    """Wait as long as `loop` repetitions take; 0 repeats until somebody hangs up."""
    if loop == 0:
        await session.rest()
    await session.pass_time(loop * seconds)
