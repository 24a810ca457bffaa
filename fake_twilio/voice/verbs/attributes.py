"""Attributes of verbs, read as Twilio reads them: what makes no sense has been reported, and has its default."""

from xml.etree.ElementTree import Element

from fake_twilio.voice.session import Session


def whole_number(element: Element, name: str, default: int) -> int:
    """A number of seconds or times."""
    value = element.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default


def flag(element: Element, name: str, default: bool = False) -> bool:
    """`true` or `false`."""
    value = element.get(name, "").lower()
    return value == "true" if value in ("true", "false") else default


def text_of(element: Element) -> str:
    """The text in an element, without the blanks around it."""
    return (element.text or "").strip()


async def repeat(session: Session, loop: int, seconds: float) -> None:
    """Take the time of `loop` repetitions; 0 goes on until somebody hangs up."""
    if loop == 0:
        await session.rest()
    await session.pass_time(loop * seconds)
