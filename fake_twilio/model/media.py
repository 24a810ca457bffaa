"""Media of a message: Twilio's Media resource. Every attachment is a small generated picture."""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fake_twilio.dates import now, rfc2822

SIDE = 96


def picture(seed: str) -> bytes:
    """Return a PNG (https://www.w3.org/TR/png-3): a square in colours derived from `seed`."""
    hue = zlib.crc32(seed.encode())
    red, green, blue = 64 + hue % 160, 64 + hue // 160 % 160, 64 + hue // 25_600 % 160
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)
        for x in range(SIDE):
            rows += bytes((red * x // SIDE, green * y // SIDE, blue))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@dataclass(eq=False)
class Media:
    """One picture of one message."""

    account_sid: str
    message_sid: str
    attached: str
    """The address that the phone gave for it."""
    sid: str = field(default_factory=lambda: f"ME{uuid4().hex}")
    content_type: str = "image/png"
    date: str = field(default_factory=lambda: rfc2822(now()) or "")

    @property
    def path(self) -> str:
        """The path at which the app finds the resource."""
        return f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.message_sid}/Media/{self.sid}"

    def content(self) -> bytes:
        """The picture's bytes."""
        return picture(self.sid)

    def to_json(self) -> dict[str, Any]:
        """Return Twilio's representation (https://www.twilio.com/docs/messaging/api/media-resource)."""
        return {
            "account_sid": self.account_sid,
            "content_type": self.content_type,
            "date_created": self.date,
            "date_updated": self.date,
            "parent_sid": self.message_sid,
            "sid": self.sid,
            "uri": f"{self.path}.json",
        }
