"""The table that a run prints: each result with its reference, and whether the target is met."""

from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("what", "ours", "reference", "result", "target", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One result. `result` is compared with `target`, both in `unit` (x: a ratio)."""

    what: str
    ours: str
    reference: str
    result: float
    target: float
    unit: str = "x"
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the result meets the target."""
        return self.result >= self.target if self.at_least else self.result <= self.target

    def cells(self) -> tuple[str, ...]:
        """Return the row as text."""
        side = "≥" if self.at_least else "≤"
        return (
            self.what,
            self.ours,
            self.reference,
            f"{self.result:.2f} {self.unit}",
            f"{side} {self.target:g} {self.unit}",
            "met" if self.met else "missed",
        )


def to_text(rows: Sequence[Row]) -> str:
    """Return the table, with the notes on its rows below it."""
    notes = [f"{row.what}: {row.note}" for row in rows if row.note]
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*table, *notes])
