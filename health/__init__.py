"""GET /api/health: is the app ready? 200 or 503, and a word for each part: {"status", "settings", "storage"}.

For anybody and any monitor, so it never says why; the log does. Storage is looked at once in ten seconds at most.
"""

from __future__ import annotations

import azure.functions as func

from shared.readiness import readiness
from shared.responses import json_response

bp = func.Blueprint()


@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Tell whether the app is ready."""
    parts = await readiness()
    ready = all(word == "ok" for word in parts.values())
    return json_response({"status": "ready" if ready else "not_ready", **parts}, 200 if ready else 503)
