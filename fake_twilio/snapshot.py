"""Keeps the phones page between two runs: phones, ended calls, messages whose status is final, and webhooks.

One JSON file. What it contains are dataclasses by their fields, without those that have no meaning in another process;
a field that a newer version has added gets its default.
"""

import base64
import json
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from fake_twilio.form import Form
from fake_twilio.model.call import Call
from fake_twilio.model.line import Line, Step
from fake_twilio.model.media import Media
from fake_twilio.model.message import Message
from fake_twilio.model.recording import Recording
from fake_twilio.simulator import Simulator
from fake_twilio.webhooks import webhook as webhooks
from fake_twilio.webhooks.webhook import Delivery, Webhook

FILE = "phones.json"
KINDS = {kind.__name__: kind for kind in (Call, Delivery, Line, Media, Message, Recording, Step, Webhook)}
SWITCHES = ("reachable", "in_service", "named", "answers_by_itself")
MOST_WEBHOOKS = 1000


class NotKept(Exception):
    """A value has no meaning in another process."""


def save(simulator: Simulator, folder: Path) -> None:
    """Write the file; one that is half written is never left."""
    calls = {sid: call for sid, call in simulator.calls.items() if call.over}
    messages = {sid: message for sid, message in simulator.messages.items() if message.over}
    recordings = [recording for recording in simulator.recordings.values() if recording.call_sid in calls]
    phones = [
        {
            "number": phone.number,
            **{name: getattr(phone, name) for name in SWITCHES},
            "calls": [call.sid for call in phone.calls if call.sid in calls],
            "messages": [message.sid for message in phone.messages if message.sid in messages],
        }
        for phone in simulator.phones.by_number.values()
    ]
    kept = {
        "phones": phones,
        "calls": list(encoded(calls.values())),
        "messages": list(encoded(messages.values())),
        "recordings": list(encoded(recordings)),
        "webhooks": list(encoded(list(simulator.sender.deliveries)[-MOST_WEBHOOKS:])),
    }
    new = folder / f"{FILE}.new"
    new.write_text(json.dumps(kept), "utf-8")
    os.replace(new, folder / FILE)


def load(simulator: Simulator, folder: Path) -> str:
    """Restore what the file has; return what is wrong with it, and restore nothing then."""
    try:
        kept = json.loads((folder / FILE).read_text("utf-8"))
        calls = {call.sid: call for call in map(decoded, kept["calls"])}
        messages = {message.sid: message for message in map(decoded, kept["messages"])}
        recordings = {recording.sid: recording for recording in map(decoded, kept["recordings"])}
        deliveries = [decoded(delivery) for delivery in kept["webhooks"]]
        phones = [(phone, [calls[sid] for sid in phone["calls"]]) for phone in kept["phones"]]
        threads = [[messages[sid] for sid in phone["messages"]] for phone in kept["phones"]]
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{folder / FILE} cannot be read ({type(error).__name__}), so the phones start empty"
    for (phone, its_calls), thread in zip(phones, threads, strict=True):
        restored = simulator.phones.at(phone["number"])
        for name in SWITCHES:
            setattr(restored, name, bool(phone.get(name)))
        restored.calls.extend(its_calls)
        restored.messages.extend(thread)
    simulator.calls |= calls
    simulator.messages |= messages
    simulator.recordings |= recordings
    simulator.sender.deliveries.extend(deliveries)
    simulator.created = max([0, *(one.number for one in (*calls.values(), *messages.values()))])
    webhooks.IDS = count(max([0, *(delivery.id for delivery in deliveries)]) + 1)
    simulator.changes.tell()
    return ""


def encoded(values: Iterable[Any]) -> Iterable[Any]:
    """Yield the values that have a meaning in another process, as JSON has them."""
    for value in values:
        try:
            yield encode(value)
        except NotKept:
            continue


def encode(value: Any) -> Any:
    """Return a value as JSON has it; raises NotKept."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, list | tuple | deque):
        return list(encoded(value))
    if isinstance(value, dict):
        return {"values": {name: encode(inner) for name, inner in value.items()}}
    if is_dataclass(value) and type(value).__name__ in KINDS:
        kept = {}
        for field in fields(value):
            for one in encoded([getattr(value, field.name)]):
                kept[field.name] = one
        return {"kind": type(value).__name__, "fields": kept}
    raise NotKept


def decode(value: Any) -> Any:
    """Return a value of the file."""
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    if "bytes" in value:
        return base64.b64decode(value["bytes"])
    if "values" in value:
        return {name: decode(inner) for name, inner in value["values"].items()}
    return decoded(value)


def decoded(value: dict[str, Any]) -> Any:
    """Return a dataclass of the file; raises KeyError, TypeError or ValueError if it is not one of today's."""
    kind = KINDS[value["kind"]]
    hints = get_type_hints(kind)
    given = {name: decode(inner) for name, inner in value["fields"].items() if name in hints}
    for name, hint in hints.items():
        if name in given and get_origin(hint) is tuple:
            given[name] = tuple(tuple(one) if isinstance(one, list) else one for one in given[name])
    if kind in (Call, Message):
        given["parameters"] = Form([])
    return kind(**given)
