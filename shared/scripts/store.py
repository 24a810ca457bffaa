"""Scripts kept by name, in the table `scripts`: one point read each, remembered for a few seconds.

The PartitionKey tells whose a script is: `script` holds our users', by name; `sent` those that calls were placed with
and that were too long to go with them, by their hash.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from shared.clock import now, rfc3339
from shared.errors import FieldError
from shared.scripts.reading import Family, InvalidScript, Script, read_script
from shared.storage.tables import SCRIPTS, delete_unchanged, get, insert, read_partition, replace, upsert

NAME = re.compile(r"[a-z0-9-]{1,64}")
# No user's script can have such a name.
SENT = re.compile(r"sent_[0-9a-f]{64}")
MOST_LISTED = 10_000
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model: one property's bytes.
LONGEST_SOURCE = 64 * 1024

Owner = Literal["script", "sent"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A script as it is kept; `source` is its JSON."""

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
        """Return the script as it was kept."""
        return msgspec.json.decode(self.source)

    def script(self) -> Script:
        """Return the script itself; raises InvalidScript where today's rules refuse what was kept under older ones."""
        return read_script(self.json(), self.family)


async def find(name: str, owner: Owner = "script") -> Kept | None:
    """Return the script of that name, or None; raises StorageUnavailable."""
    entity = await get(SCRIPTS, owner, name)
    return kept(entity) if entity else None


def kept(entity: dict[str, Any]) -> Kept:
    """Return what an entity holds."""
    return Kept(entity["RowKey"], entity["family"], bytes(entity["source"]), entity["updated"], entity)


def source_of(script: Script) -> bytes:
    """Return a script as it is kept; raises InvalidScript for one that no property of a table can hold."""
    source = msgspec.json.encode(script)
    if len(source) > LONGEST_SOURCE:
        words = f"is {len(source):,} bytes long as JSON, at most {LONGEST_SOURCE:,} are kept"
        raise InvalidScript([FieldError("$", words)])
    return source


async def keep(name: str, family: Family, source: bytes) -> Kept:
    """Keep a script, whatever had its name before. It has the same properties as any, so that merging is replacing."""
    entity = entity_of("script", name, family, source)
    await upsert(SCRIPTS, entity)
    return kept(entity)


async def keep_unless_changed(name: str, family: Family, source: bytes, instead_of: Kept | None) -> Kept | None:
    """Keep a script where `find` has returned `instead_of`; None when somebody was faster."""
    entity = entity_of("script", name, family, source)
    if instead_of is None:
        done = await insert(SCRIPTS, entity) is None
    else:
        done = await replace(SCRIPTS, entity, instead_of=instead_of.entity)
    return kept(entity) if done else None


async def keep_sent(family: Family, source: bytes) -> str:
    """Keep a script that a call is placed with, and return its name; the same script has the same name."""
    name = f"sent_{hashlib.sha256(source).hexdigest()}"
    await upsert(SCRIPTS, entity_of("sent", name, family, source))
    return name


def entity_of(owner: Owner, name: str, family: Family, source: bytes) -> dict[str, Any]:
    """Return a script as the table holds it."""
    return {
        "PartitionKey": owner,
        "RowKey": name,
        "family": family,
        "source": source,
        "updated": rfc3339(now()),
        # Tells this write from another one of the same script at the same moment.
        "write": uuid.uuid4().hex,
    }


async def remove(script: Kept) -> bool:
    """Remove a script that `find` has returned; False when somebody changed it meanwhile."""
    return await delete_unchanged(SCRIPTS, script.entity)


async def list_names() -> list[dict[str, str]]:
    """Return name, family and time of the last change of each of our users' scripts, by name."""
    entities = await read_partition(SCRIPTS, "script", ["RowKey", "family", "updated"], MOST_LISTED)
    return [{"name": one["RowKey"], "family": one["family"], "updated": one["updated"]} for one in entities]
