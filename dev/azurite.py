"""The table service of Azurite, Microsoft's storage emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dev import node
from dev.processes import Service, answers

# The account and key of every Azurite:
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#use-a-well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def azurite(
    port: int, data_dir: Path | None = None, *, verbose: bool = False, sink: Callable[[str, str], None] | None = None
) -> Service:
    """Return the table service on this port. Without a folder for its data it keeps them in memory."""
    script = node.ensure_packages() / "azurite" / "dist" / "src" / "table" / "main.js"
    # The version check rejects storage libraries that are newer than this Azurite.
    options = ["--tablePort", str(port), "--disableTelemetry", "--skipApiVersionCheck"]
    options += [] if verbose else ["--silent"]
    options += ["--location", str(data_dir)] if data_dir else ["--inMemoryPersistence"]
    return Service(
        "azurite",
        [node.find().node, str(script), *options],
        ready=lambda: answers(f"http://127.0.0.1:{port}/"),
        sink=sink,
    )


def connection_string(port: int) -> str:
    """Return the connection string of Azurite on this port."""
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={endpoint};"
