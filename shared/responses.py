"""Responses to the app's users: JSON, and every error as an RFC 9457 problem."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func
import msgspec

from shared.errors import ApiError, FieldIssue, InternalError, InvalidRequest, Problem

Handler = Callable[[func.HttpRequest], Coroutine[Any, Any, func.HttpResponse]]

log = logging.getLogger(__name__)

# Routes that take less say so themselves.
LARGEST_BODY = 256 * 1024


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """Return `body` as JSON, with a newline at the end for readers at a terminal."""
    return func.HttpResponse(
        msgspec.json.encode(body) + b"\n", status_code=status, headers=dict(headers or {}), mimetype="application/json"
    )


def problem_response(error: ApiError) -> func.HttpResponse:
    """Return an error as application/problem+json (https://www.rfc-editor.org/rfc/rfc9457)."""
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        code=error.code,
        **error.members(),
    )
    return func.HttpResponse(
        # json, because a field name in the request may contain a lone surrogate, which msgspec cannot escape.
        json.dumps(msgspec.to_builtins(problem)).encode() + b"\n",
        status_code=error.status,
        headers=error.headers,
        mimetype="application/problem+json",
    )


def answers_problems(handler: Handler) -> Handler:
    """Turn every exception of a handler into a problem; an unexpected one becomes a 500 without internals.

    The wrapper adds no parameter: the worker compares a handler's parameters with its bindings, through
    `functools.wraps`.
    """

    @functools.wraps(handler)
    async def guarded(req: func.HttpRequest) -> func.HttpResponse:
        try:
            size = len(req.get_body())
            if size > LARGEST_BODY:
                raise InvalidRequest(FieldIssue("$", f"is {size:,} bytes long; at most {LARGEST_BODY:,} are accepted"))
            return await handler(req)
        except ApiError as error:
            if error.status >= 500:
                log.error("%s answers %d %s: %s", handler.__name__, error.status, error.code, error.detail)
            return problem_response(error)
        except Exception:
            log.exception("%s failed", handler.__name__)
            return problem_response(InternalError("Something went wrong here; the log has the details."))

    return guarded
