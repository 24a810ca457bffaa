"""Summaries as CSV (https://www.rfc-editor.org/rfc/rfc4180), for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import msgspec

from shared.activity.state import Summary

COLUMNS = (
    *("sid", "kind", "direction", "status", "from", "to", "started", "answered", "ended"),
    *("duration", "segments", "answered_by", "settled_as", "error_code", "error"),
)
# A spreadsheet takes a cell that begins with one of these for a formula, so a quote is put before it.
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(items: Iterable[Summary]) -> str:
    """Return a header and a line for each summary. A number begins with `'`, as a spreadsheet would calculate `+1…`."""
    text = io.StringIO()
    lines = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    lines.writeheader()
    for item in items:
        values = msgspec.to_builtins(item)
        if item.error:
            values |= {"error_code": item.error.code, "error": item.error.message}
        lines.writerow({name: harmless(value) for name, value in values.items()})
    return text.getvalue()


def harmless(value: object) -> object:
    """Return a value as no formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
