"""The fields that Twilio's public OpenAPI describes for each resource, and a check of resources against them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import requests

from tests.support.fake_twilio_stage import Stage

DESCRIBED: dict[str, dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}
UNDESCRIBED = {"recording": {"track"}, "call_recording": {"subresource_uris", "media_url"}}
"""Fields that Twilio's pages or its library have, and its OpenAPI lacks."""

SID = "AC00000000000000000000000000000001"


def problems(resource: dict[str, Any], kind: str) -> list[str]:
    """Return how a resource differs from Twilio's description; null is always allowed."""
    described = DESCRIBED[kind]
    found = [f"{name} is missing" for name in described if name not in resource]
    found += [f"{name} is unknown" for name in resource if name not in {*described, *UNDESCRIBED.get(kind, ())}]
    for name, facts in described.items():
        value = resource.get(name)
        if value is None:
            continue
        if "type" in facts and type(value) is not TYPES[facts["type"]]:
            found.append(f"{name} is {value!r}, not a value of type {facts['type']}")
        elif "enum" in facts and value not in facts["enum"]:
            found.append(f"{name} is {value!r}, not one of {facts['enum']}")
        elif "pattern" in facts and not re.search(facts["pattern"], value):
            found.append(f"{name} is {value!r}, which does not match {facts['pattern']}")
    return found


def get(stage: Stage, path: str) -> Any:
    """Return the JSON, or the error, at a path, which is relative to the account unless it starts with a slash."""
    path = path if path.startswith("/") else f"/2010-04-01/Accounts/{SID}/{path}"
    answer = requests.get(stage.fake.url + path, auth=(SID, stage.fake.account.auth_token), timeout=10)
    return answer.json()
