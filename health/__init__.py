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

import azure.functions as func

from shared.errors import NotConfigured, StorageUnavailable
from shared.responses import json_response
from shared.settings import settings
from shared.storage.tables import SIDS, get
from shared.ttl_cache import TtlCache

bp = func.Blueprint()

BUILD_ID = Path(__file__).parents[1] / "build_id.txt"  # infra/deployment/app_package.py puts it into the zip
BUILD = {"build": BUILD_ID.read_text("ascii")} if BUILD_ID.exists() else {}
STORAGE = "storage"
checked: TtlCache[str, str] = TtlCache(seconds=10)
one_check_at_a_time = asyncio.Lock()


@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Report whether the app is ready."""
    components = await check_components()
    ready = all(word == "ok" for word in components.values())
    return json_response({"status": "ready" if ready else "not_ready", **components, **BUILD}, 200 if ready else 503)


async def check_components() -> dict[str, str]:
    """Return one status word per component; `ok` when it is ready."""
    try:
        settings()
    except NotConfigured:
        return {"settings": "wrong", STORAGE: "unknown"}
    async with one_check_at_a_time:
        return {"settings": "ok", STORAGE: await checked.get(STORAGE, check_storage)}


async def check_storage() -> str:
    """Return `ok` or `unreachable`: one point read of an entity that need not exist."""
    try:
        await get(SIDS, "health", "health")
    except StorageUnavailable:
        return "unreachable"
    return "ok"
