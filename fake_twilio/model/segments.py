"""The number of segments of a message (https://www.twilio.com/docs/glossary/what-sms-character-limit)."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")


def segments(body: str) -> int:
    """Return the number of segments: 160 units of GSM-7 or 70 of UCS-2; with several segments 153 or 67 each."""
    if GSM7.issuperset(body):
        return pages([1] * len(body), single=160, several=153)
    if (GSM7 | GSM7_EXTENSION).issuperset(body):
        return pages([2 if letter in GSM7_EXTENSION else 1 for letter in body], single=160, several=153)
    return pages([2 if ord(letter) > 0xFFFF else 1 for letter in body], single=70, several=67)


def pages(widths: list[int], single: int, several: int) -> int:
    """Return the number of segments when no character of two units is split."""
    total = sum(widths)
    if total <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        used += width
        if used > several:
            count, used = count + 1, width
    return count
