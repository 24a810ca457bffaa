"""Dates as Twilio and the phones page write them."""

from datetime import UTC, datetime
from email.utils import format_datetime


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def rfc2822(moment: datetime | None) -> str | None:
    """Format a date as Twilio does: `Tue, 31 Aug 2010 20:36:28 +0000`."""
    return format_datetime(moment.replace(microsecond=0)) if moment else None


def iso(moment: datetime | None) -> str | None:
    """Format a date for the phones page: `2010-08-31T20:36:28.123+00:00`."""
    return moment.isoformat(timespec="milliseconds") if moment else None


def iso_seconds(moment: datetime) -> str:
    """Format a date as Twilio's newer APIs do: `2010-08-31T20:36:28Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
