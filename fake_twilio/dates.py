"""How Twilio writes times, and how the phones page does."""

from datetime import UTC, datetime
from email.utils import format_datetime


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def rfc2822(moment: datetime | None) -> str | None:
    """Twilio's dates: `Tue, 31 Aug 2010 20:36:28 +0000`."""
    return format_datetime(moment.replace(microsecond=0)) if moment else None


def iso(moment: datetime | None) -> str | None:
    """The phones page's dates: `2010-08-31T20:36:28.123+00:00`."""
    return moment.isoformat(timespec="milliseconds") if moment else None
