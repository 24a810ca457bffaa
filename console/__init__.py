"""GET /api/console: a page to look at calls and messages, and to make them. GET /api/console/{file}: its files.

The page and its files are public and contain no data. It uses the app's other routes, with the function key that the
user types; its scripts come from this app only.
"""

from __future__ import annotations

from pathlib import Path

import azure.functions as func

from shared.contract.operation import page_operations
from shared.static_page import StaticPage

bp = func.Blueprint()

OPERATIONS = page_operations("Console")
PAGE = StaticPage(Path(__file__).parent / "page")


@bp.route(route="console/{file?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def console(req: func.HttpRequest) -> func.HttpResponse:
    """Serve a file of the page."""
    return PAGE.serve(req, {})
