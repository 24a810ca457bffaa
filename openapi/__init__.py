"""GET /api/openapi.json: the OpenAPI document of the app, generated from its routes. Public, because it reads no data.

    version  3.1, the default; 2.0 answers Swagger for custom connectors of Power Automate and Logic Apps

200 with an ETag; 304 if `If-None-Match` has it. The document is the same until the app is updated or its settings
change. The version 2.0 contains only the routes that users call with a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any, Literal

import azure.functions as func
import msgspec

from shared.contract.operation import Operation
from shared.errors import InternalError, InvalidRequest, NotConfigured
from shared.request_body import read_query
from shared.responses import answers_problems
from shared.settings import settings

bp = func.Blueprint()

CACHED = {"Cache-Control": "public, max-age=3600"}
folders: list[ModuleType] = []


class Query(msgspec.Struct):
    """The query."""

    version: Literal["3.1", "2.0"] = "3.1"


class Condition(msgspec.Struct):
    """The header.

    If-None-Match  the ETag that you have; 304 if the document is still that one
    """

    if_none_match: str | None = msgspec.field(default=None, name="If-None-Match")


OPERATIONS = (
    Operation(
        method="GET",
        id="OpenApi",
        summary="The OpenAPI document of the app",
        query=Query,
        headers=Condition,
        answers={200: dict[str, Any], 304: None},
        errors=(InvalidRequest, InternalError),
    ),
)


def describe(modules: Iterable[ModuleType]) -> None:
    """Set the function folders that the document describes; called once, by function_app."""
    folders.extend(modules)


@bp.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with the document."""
    body, etag = document(read_query(req, Query).version)
    headers = {"ETag": etag, **CACHED}
    if etag in req.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(body, headers=headers, mimetype="application/json")


@cache
def document(version: str) -> tuple[bytes, str]:
    """Return the document and its ETag."""
    # Imported here: no other route needs it, so no cold start should include it.
    from shared.contract.document import openapi as generate
    from shared.contract.swagger import swagger

    generated = generate(folders, base_url())
    body = msgspec.json.encode(swagger(generated) if version == "2.0" else generated)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def base_url() -> str:
    """Return PUBLIC_BASE_URL; empty while settings are wrong, because the document does not depend on the others."""
    try:
        return settings().public_base_url
    except NotConfigured:
        return ""
