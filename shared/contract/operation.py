"""What a function folder declares about its route for the OpenAPI document: one `Operation` per method and path.

The names, methods and access of the routes come from the blueprints, the fields from the structs, and the descriptions
from the docstrings. A folder whose route only Twilio calls, and which answers TwiML, declares nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from shared.errors import (
    ApiError,
    CountryNotAllowed,
    InternalError,
    InvalidRequest,
    KeyInUse,
    KeyReused,
    NotConfigured,
    OutcomeUnknown,
    StorageUnavailable,
    TwilioRefused,
    TwilioUnavailable,
)
from shared.static_page import TYPES

Errors = tuple[type[ApiError], ...]

# What can go wrong on every route with `@answers_problems` and a key.
ALWAYS: Errors = (InvalidRequest, InternalError, NotConfigured, StorageUnavailable)
# What can go wrong when the app asks Twilio for something.
ASKING_TWILIO: Errors = (TwilioRefused, TwilioUnavailable, OutcomeUnknown)
# What an Idempotency-Key adds.
IDEMPOTENT: Errors = (KeyInUse, KeyReused)
SENDING: Errors = (*ASKING_TWILIO, *IDEMPOTENT, CountryNotAllowed)


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path.

    id         the operationId, which generated clients use as a name: stable, unique, `MakeCall`
    answers    the type of the body for each status that is no problem; None: no body; a dict: a type per media type
    summary    a short sentence; without it, the first line of the folder's docstring
    errors     what can go wrong besides ALWAYS, if the route has a key; else everything that can go wrong
    parameter  the type of the route's parameter; None: the path without it, if it is optional
    body       a struct, sent as JSON or as a form; or a type for each media type
    query      a struct with the parameters of the query
    headers    a struct with the headers of the request
    example    a body that is accepted; a test sends it
    signed     only Twilio calls it, and it answers no TwiML; its errors have no body
    choices    the id of the operation that lists the values of the parameter, and the member that has them
    """

    method: str
    id: str
    answers: dict[int, Any]
    summary: str = ""
    errors: Errors = ()
    parameter: Any = None
    body: Any = None
    query: Any = None
    headers: Any = None
    example: Any = None
    signed: bool = False
    choices: tuple[str, str] | None = None


def page_operations(id: str) -> tuple[Operation, ...]:
    """Return the operations of a page of static files, with the route `.../{file?}`."""
    media = {kind.partition(";")[0]: str for kind in TYPES.values()}
    name = Annotated[str, msgspec.Meta(min_length=1, description="the name of the file")]
    return (
        Operation(method="GET", id=id, answers={200: {"text/html": str}, 304: None}),
        Operation(
            method="GET",
            id=f"{id}File",
            summary="A file of the page",
            parameter=name,
            answers={200: media, 304: None, 404: None},
        ),
    )
