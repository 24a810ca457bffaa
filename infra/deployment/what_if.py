"""What a deployment would change, in words: the answer of `az deployment group what-if --no-pretty-print`.

https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

SIGNS = {"Create": "+", "Delete": "-", "Modify": "~", "Deploy": "!", "Unsupported": "?", "NoEffect": "="}
# What is there already, and what is in the group without being in the template.
QUIET = ("NoChange", "Ignore")
LONGEST = 60


def changes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources that would not stay as they are."""
    return [change for change in answer.get("changes") or [] if change["changeType"] not in QUIET]


def in_words(answer: dict[str, Any]) -> str:
    """Return a line for each resource that would change, and below it one for each of its properties."""
    lines = []
    for change in sorted(changes(answer), key=lambda change: (change["changeType"], short(change["resourceId"]))):
        kind = change["changeType"]
        lines.append(f"{SIGNS.get(kind, '?')} {kind.lower()}  {short(change['resourceId'])}")
        if kind == "Unsupported" and change.get("unsupportedReason"):
            lines.append(f"      {change['unsupportedReason']}")
        lines += [f"      {line}" for line in properties(change.get("delta") or [])]
    return "\n".join(lines) or "nothing"


def properties(delta: list[dict[str, Any]], above: str = "") -> Iterator[str]:
    """Return a line for each property that would change, however deep it is."""
    for change in delta:
        path = f"{above}{change['path']}"
        if change.get("children"):
            yield from properties(change["children"], f"{path}.")
        elif change["propertyChangeType"] != "NoEffect":
            sign = SIGNS.get(change["propertyChangeType"], "~")
            before, after = value(change.get("before")), value(change.get("after"))
            yield f"{sign} {path}: " + {"+": after, "-": before}.get(sign, f"{before} -> {after}")


def value(text: Any) -> str:
    """Return a property's value, cut where it is long."""
    found = json.dumps(text, ensure_ascii=False)
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."


def short(resource_id: str) -> str:
    """Return the type and the name of a resource, without the way to it."""
    _, _, tail = resource_id.rpartition("/providers/")
    namespace, *parts = tail.split("/")
    return f"{namespace}/{'/'.join(parts[::2])}  {'/'.join(parts[1::2])}" if parts else resource_id
