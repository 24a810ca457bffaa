"""The part of the Kusto Query Language that docs/operations.md uses, run on rows in memory.

Its expressions are similar to Python's, so they are translated to Python and evaluated.
https://learn.microsoft.com/kusto/query/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Table = list[Row]

REWRITTEN = {
    r"datetime\((\S+?)\)": r'datetime("\1")',
    r"\b(\d+)m\b": r"minutes(\1)",
    r"\b(\d+)h\b": r"minutes(\1 * 60)",
    r"\b(\d+)d\b": r"minutes(\1 * 60 * 24)",
    r"(\w+) between \((\w+) \.\. (\S+?\))\)": r"between(\1, \2, \3)",
    r"(\w+) has (\w+)": r"has(\1, \2)",
    r"(\w+) matches regex (@\".+?\")": r"matches(\1, \2)",
    r"@\"": 'r"',
}


class Null:
    """No value: every comparison with it is false."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__
    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __bool__(self) -> bool:
        return False


NULL = Null()


def has(text: str, term: str) -> bool:
    """Return whether a text contains a whole term, ignoring case."""
    return re.search(rf"(?<![^\W_]){re.escape(term)}(?![^\W_])", text or "", re.IGNORECASE) is not None


def extract(pattern: str, group: int, text: str) -> str:
    """Return the text that a group of the pattern matched, else an empty string."""
    found = re.search(pattern, text or "")
    return found[group] if found else ""


def coalesce(*values: Any) -> Any:
    """Return the first value that is neither null nor empty."""
    return next((value for value in values if value), NULL)


def make_set_if(values: list[Any], wanted: list[bool], most: int) -> list[Any]:
    """Return the distinct values for which the condition holds."""
    return list(dict.fromkeys(value for value, yes in zip(values, wanted, strict=True) if yes))[:most]


SCALARS: dict[str, Callable[..., Any]] = {
    "datetime": datetime.fromisoformat,
    "minutes": lambda number: timedelta(minutes=number),
    "ago": lambda length: datetime.now(UTC) - length,
    "between": lambda moment, start, length: start <= moment <= start + length,
    "has": has,
    "matches": lambda text, pattern: bool(re.search(pattern, text or "")),
    "extract": extract,
    "replace_regex": lambda text, pattern, by: re.sub(pattern, by, text or ""),
    "coalesce": coalesce,
    "toint": lambda text: int(text) if text else NULL,
}
AGGREGATES: dict[str, Callable[..., Any]] = {
    "max": lambda values: max(filter(None, values), default=NULL),
    "min": lambda values: min(filter(None, values), default=NULL),
    "sum": sum,
    "isnotempty": lambda values: [bool(value) for value in values],
    "make_set_if": make_set_if,
    "strcat_array": lambda values, between: between.join(values),
}


def run(query: str, tables: dict[str, Table]) -> Table:
    """Run a query and return its rows."""
    known: Row = {}
    *settled, last = query.split(";\n")
    for statement in settled:
        name, _, text = statement.removeprefix("let ").partition(" = ")
        if "|" in text:
            known[name] = [next(iter(row.values())) for row in pipeline(text, tables, known)]
        else:
            known[name] = evaluate(text, known, SCALARS)
    return pipeline(last, tables, known)


def pipeline(text: str, tables: dict[str, Table], known: Row) -> Table:
    """Run the operators of one statement, each on the rows of the previous one."""
    source, *steps = re.split(r"\n\s*\| ", text.strip())
    rows = [row for name in re.findall(r"\bApp\w+", source) for row in tables[name]]
    every = {name: NULL for table in tables.values() for row in table for name in row}
    rows = [every | row for row in rows]
    for step in steps:
        operator, _, rest = step.partition(" ")
        rows = OPERATORS[operator](rows, rest, known)
    return rows


def where(rows: Table, text: str, known: Row) -> Table:
    """Keep the rows for which a condition holds."""
    return [row for row in rows if evaluate(text, known | row, SCALARS)]


def extend(rows: Table, text: str, known: Row) -> Table:
    """Add columns."""
    return [row | made for row, made in zip(rows, project(rows, text, known), strict=True)]


def project(rows: Table, text: str, known: Row) -> Table:
    """Keep columns."""
    wanted = columns(text)
    return [{name: evaluate(value, known | row, SCALARS) for name, value in wanted.items()} for row in rows]


def distinct(rows: Table, text: str, known: Row) -> Table:
    """Keep each combination of some columns once."""
    return list({tuple(row.values()): row for row in project(rows, text, known)}.values())


def summarize(rows: Table, text: str, known: Row) -> Table:
    """Group rows by the columns after `by` and compute one row per group."""
    sums, _, by = text.rpartition(" by ")
    groups: dict[tuple[Any, ...], Table] = {}
    for row, key in zip(rows, project(rows, by, known), strict=True):
        groups.setdefault(tuple(key.values()), []).append(row | key)
    made = []
    for group in groups.values():
        together = {name: [row[name] for row in group] for name in group[0]}
        functions = AGGREGATES | {"count": lambda group=group: len(group)}
        totals = {name: evaluate(value, together, functions) for name, value in columns(sums).items()}
        made.append({name: group[0][name] for name in columns(by)} | totals)
    return made


def order(rows: Table, text: str, known: Row) -> Table:
    """Sort rows by one column."""
    name, direction = text.removeprefix("by ").split()
    return sorted(rows, key=lambda row: row[name], reverse={"asc": False, "desc": True}[direction])


OPERATORS: dict[str, Callable[[Table, str, Row], Table]] = {
    "where": where,
    "extend": extend,
    "project": project,
    "distinct": distinct,
    "summarize": summarize,
    "order": order,
}


def columns(text: str) -> dict[str, str]:
    """Return the expression of each column, by its name."""
    call = ast.parse(f"columns({rewrite(text)})", mode="eval").body
    assert isinstance(call, ast.Call)
    plain = {ast.unparse(name): ast.unparse(name) for name in call.args}
    return plain | {str(word.arg): ast.unparse(word.value) for word in call.keywords}


def evaluate(text: str, names: Row, functions: dict[str, Callable[..., Any]]) -> Any:
    """Evaluate an expression."""
    return eval(f"({rewrite(text)})", {"__builtins__": {}} | functions, names)


def rewrite(text: str) -> str:
    """Translate an expression to Python."""
    for pattern, by in REWRITTEN.items():
        text = re.sub(pattern, by, text)
    return text
