"""GET /api/health: is the app ready? 200 or 503, with one status word per component: {"status", "settings", "storage"}.

    status      ready, not_ready
    settings    ok, wrong
    storage     ok, unreachable, unknown (not checked, because the settings are wrong)
    build       the build ID of the upload, if infra/deploy.py has made it

The route is public, so it never gives a reason; the log does. Storage is checked at most once in ten seconds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import azure.functions as func
import msgspec

from shared.contract.operation import Operation
from shared.errors import NotConfigured, StorageUnavailable
from shared.responses import json_response
from shared.settings import settings
from shared.storage.tables import SIDS, get
from shared.ttl_cache import TtlCache

bp = func.Blueprint()

BUILD_ID = Path(__file__).parents[1] / "build_id.txt"  # infra/deployment/app_package.py puts it into the zip
BUILD = BUILD_ID.read_text("ascii") if BUILD_ID.exists() else None
STORAGE = "storage"
Storage = Literal["ok", "unreachable", "unknown"]
checked: TtlCache[str, Storage] = TtlCache(seconds=10)
one_check_at_a_time = asyncio.Lock()


class Health(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One status word per component."""

    status: Literal["ready", "not_ready"]
    settings: Literal["ok", "wrong"]
    storage: Storage
    build: str | None = None


OPERATIONS = (Operation(method="GET", id="Health", summary="Is the app ready?", answers={200: Health, 503: Health}),)


@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Report whether the app is ready."""
    report = await check_components()
    return json_response(report, 200 if report.status == "ready" else 503)


async def check_components() -> Health:
    """Return one status word per component."""
    try:
        settings()
    except NotConfigured:
        return Health(status="not_ready", settings="wrong", storage="unknown", build=BUILD)
    async with one_check_at_a_time:
        storage = await checked.get(STORAGE, check_storage)
    return Health(status="ready" if storage == "ok" else "not_ready", settings="ok", storage=storage, build=BUILD)


async def check_storage() -> Storage:
    """Return `ok` or `unreachable`: one point read of an entity that need not exist."""
    try:
        await get(SIDS, "health", "health")
    except StorageUnavailable:
        return "unreachable"
    return "ok"
