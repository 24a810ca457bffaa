"""The summary and the tables of fields in docstrings: the one place where the fields of a request are described."""

from __future__ import annotations

import re
from inspect import cleandoc

# Of a field's text, for people; in a document it is a fact of its own.
REQUIRED = "required: "
ROW = re.compile(r"(?: {4})?(?P<names>[\w.\-]+(?:, [\w.\-]+)*) {2,}(?P<text>\S.*)")
CONTINUED = re.compile(r" {5,}(\S.*)")


def summary_of(doc: str) -> str:
    """Return the first sentence of a function folder's docstring, without the methods and the path."""
    text = doc.partition("\n")[0].partition(": ")[2].partition(". ")[0].rstrip(".")
    return text[:1].upper() + text[1:]


def details_of(doc: str) -> str:
    """Return a docstring without its first line and without its tables, whose rows describe fields elsewhere."""
    kept: list[str] = []
    for paragraph in doc.partition("\n")[2].strip("\n").split("\n\n"):
        if not fields_in(paragraph):
            kept.append(paragraph)
        elif kept and kept[-1].endswith(":"):
            del kept[-1]  # the words that introduce the table
    return "\n\n".join(kept)


def fields_in(doc: str) -> dict[str, str]:
    """Return the descriptions in the tables of a docstring, by the names of the fields.

    A row is `    name   text` or `    name, name   text`, in a class without the indentation. Longer texts continue on
    lines that are indented further.
    """
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in cleandoc(doc).splitlines():  # Python 3.13 removes the indentation itself
        if row := ROW.fullmatch(line):
            names = row["names"].split(", ")
            texts |= dict.fromkeys(names, row["text"].strip())
        elif names and (more := CONTINUED.fullmatch(line)):
            texts |= {name: f"{texts[name]} {more[1].strip()}" for name in names}
        else:
            names = []
    return texts
