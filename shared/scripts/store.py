"""Stored scripts, in the table `scripts`: RowKey = the script's name, so one point read finds a script.

The PartitionKey is `script` for the scripts of the app's users, and `sent` for scripts that were too long to be sent
with their calls; the name of such a script is its hash.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from shared.clock import now, rfc3339
from shared.errors import FieldIssue
from shared.scripts.reading import Family, InvalidScript, Script, read_script
from shared.storage.tables import SCRIPTS, delete_unchanged, get, insert, read_partition, replace, upsert

NAME = re.compile(r"[a-z0-9-]{1,64}")
# NAME does not match such a name, so no user's script can have it.
SENT = re.compile(r"sent_[0-9a-f]{64}")
MOST_LISTED = 10_000
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model: one property's bytes.
LONGEST_SOURCE = 64 * 1024

Owner = Literal["script", "sent"]


@dataclass(frozen=True, slots=True)
class StoredScript:
    """A stored script; `source` is its JSON."""

    name: str
    family: Family
    source: bytes
    updated: str
    entity: dict[str, Any]

    @property
    def etag(self) -> str:
        """The strong ETag of this version (https://www.rfc-editor.org/rfc/rfc9110#name-etag)."""
        return f'"{hashlib.sha256(self.updated.encode() + self.source).hexdigest()[:32]}"'

    def json(self) -> object:
        """Return the script as JSON."""
        return msgspec.json.decode(self.source)

    def script(self) -> Script:
        """Return the script; raises InvalidScript if it was stored under older rules and breaks today's."""
        return read_script(self.json(), self.family)


async def find(name: str, owner: Owner = "script") -> StoredScript | None:
    """Return the script of that name, or None; raises StorageUnavailable."""
    entity = await get(SCRIPTS, owner, name)
    return stored(entity) if entity else None


def stored(entity: dict[str, Any]) -> StoredScript:
    """Return the script in an entity."""
    return StoredScript(entity["RowKey"], entity["family"], bytes(entity["source"]), entity["updated"], entity)


def source_of(script: Script) -> bytes:
    """Return a script as stored JSON; raises InvalidScript if it is too long for a table's property."""
    source = msgspec.json.encode(script)
    if len(source) > LONGEST_SOURCE:
        words = f"is {len(source):,} bytes long as JSON; at most {LONGEST_SOURCE:,} can be stored"
        raise InvalidScript([FieldIssue("$", words)])
    return source


async def save(name: str, family: Family, source: bytes) -> StoredScript:
    """Store a script, or replace the one of that name: all scripts have the same properties, so a merge replaces it."""
    entity = entity_of("script", name, family, source)
    await upsert(SCRIPTS, entity)
    return stored(entity)


async def save_unless_changed(
    name: str, family: Family, source: bytes, instead_of: StoredScript | None
) -> StoredScript | None:
    """Store a script in place of `instead_of`, which `find` returned; None if that has been changed since."""
    entity = entity_of("script", name, family, source)
    if instead_of is None:
        done = await insert(SCRIPTS, entity) is None
    else:
        done = await replace(SCRIPTS, entity, instead_of=instead_of.entity)
    return stored(entity) if done else None


async def save_sent(family: Family, source: bytes) -> str:
    """Store the script of one call, and return its name; the same script always has the same name."""
    name = f"sent_{hashlib.sha256(source).hexdigest()}"
    await upsert(SCRIPTS, entity_of("sent", name, family, source))
    return name


def entity_of(owner: Owner, name: str, family: Family, source: bytes) -> dict[str, Any]:
    """Return a script as an entity of the table."""
    return {
        "PartitionKey": owner,
        "RowKey": name,
        "family": family,
        "source": source,
        "updated": rfc3339(now()),
        # Distinguishes this write from another one of the same script at the same time.
        "write": uuid.uuid4().hex,
    }


async def remove(script: StoredScript) -> bool:
    """Remove a script that `find` returned; returns False if it has been changed since."""
    return await delete_unchanged(SCRIPTS, script.entity)


async def list_names() -> list[dict[str, str]]:
    """Return the name, the family and the time of the last change of each user's script, sorted by name."""
    entities = await read_partition(SCRIPTS, "script", ["RowKey", "family", "updated"], MOST_LISTED)
    return [{"name": one["RowKey"], "family": one["family"], "updated": one["updated"]} for one in entities]
