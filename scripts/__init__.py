"""Scripts by name: PUT, GET, DELETE /api/scripts/{name}; GET /api/scripts lists them.

A script is TwiML as a JSON list of verbs, or TwiML itself, which is read into one (Content-Type text/xml):

    [{"verb": "Say", "text": "Hello {{From}}"}, {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu",
      "verbs": [{"verb": "Say", "text": "Press one."}]}]

Names are 1 to 64 of a-z, 0-9 and -. PUT answers 201 or 200 with the script and the TwiML that it becomes; with ?dry_run
it only does that. Each answer has an ETag: send it back as If-Match, and a script that somebody else has changed since
is left alone (412); If-None-Match: * keeps a script only where there is none. All faults of a script come in one
answer, each with its place, like `$[1].num_digits`.
"""

from __future__ import annotations

from http import HTTPStatus

import azure.functions as func
import msgspec

from shared import script_store
from shared.api import answers_problems, json_response
from shared.destinations import check_destinations
from shared.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed
from shared.request_body import content_type, read_json
from shared.script_serving import make_ready
from shared.scripts.from_twiml import script_of
from shared.scripts.reading import Family, InvalidScript, Script, family_of, read_script
from shared.scripts.rules import check_redirects
from shared.scripts.writing import write_twiml

bp = func.Blueprint()

# What one property of a table holds, as bytes; Twilio's own limit for a document is the same.
LONGEST = 64 * 1024
XML = ("text/xml", "application/xml")


@bp.route(route="scripts/{name?}", methods=["GET", "PUT", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def scripts(req: func.HttpRequest) -> func.HttpResponse:
    """Keep, show, remove or list."""
    name = req.route_params.get("name")
    if name is None:
        if req.method != "GET":
            raise InvalidRequest(FieldError("name", "is required: PUT and DELETE /api/scripts/{name}"))
        return json_response({"items": await script_store.list_names()})
    if not script_store.NAME.fullmatch(name):
        raise InvalidRequest(FieldError("name", "expected 1 to 64 of a-z, 0-9 and -"))
    if req.method == "PUT":
        return await put(req, name)
    kept = await script_store.find(name)
    if kept is None:
        raise NotFound("There is no script of that name.")
    if req.method == "GET":
        return shown(name, kept.script(), kept.family, kept.etag, kept.updated)
    check_etag(req, kept)
    if not await script_store.remove(kept):
        raise changed_meanwhile()
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


async def put(req: func.HttpRequest, name: str) -> func.HttpResponse:
    """Keep a script, or only say what it becomes."""
    script, family = read_request(req, name)
    if "dry_run" in req.params:
        return shown(name, script, family)
    earlier = await script_store.find(name)
    check_etag(req, earlier)
    kept = await script_store.keep(name, family, msgspec.json.encode(script), earlier)
    if kept is None:
        raise changed_meanwhile()
    status = HTTPStatus.OK if earlier else HTTPStatus.CREATED
    return shown(name, script, family, kept.etag, kept.updated, status)


def read_request(req: func.HttpRequest, name: str) -> tuple[Script, Family]:
    """Return the script in a request, checked; raises InvalidRequest with all its faults."""
    body = req.get_body()
    if len(body) > LONGEST:
        raise InvalidRequest(FieldError("$", f"is {len(body):,} bytes long, at most {LONGEST:,} are kept"))
    try:
        if content_type(req) in XML:
            script, family = script_of(body.decode())
        else:
            value = read_json(body)
            family = family_of(value)
            script = read_script(value, family)
    except UnicodeDecodeError:
        raise InvalidRequest(FieldError("$", "is not UTF-8")) from None
    except InvalidScript as error:
        raise InvalidRequest(*error.faults) from None
    if faults := [*check_destinations(script), *check_redirects(script, f"/api/twiml/{name}")]:
        raise InvalidRequest(*faults)
    return script, family


def check_etag(req: func.HttpRequest, kept: script_store.Kept | None) -> None:
    """Raise PreconditionFailed when the request is about another version than the one that is kept."""
    wanted, unwanted = req.headers.get("if-match"), req.headers.get("if-none-match")
    if wanted is not None and (kept is None or (wanted != "*" and kept.etag not in wanted)):
        raise changed_meanwhile()
    if unwanted == "*" and kept is not None:
        raise PreconditionFailed("There is a script of that name already.")


def changed_meanwhile() -> PreconditionFailed:
    """Return the error for a version that is no more."""
    return PreconditionFailed("The script has been changed or removed since you read it; read it again.")


def shown(
    name: str, script: Script, family: Family, etag: str = "", updated: str = "", status: HTTPStatus = HTTPStatus.OK
) -> func.HttpResponse:
    """Answer a script with the TwiML that it becomes, placeholders and all."""
    body = {
        "name": name,
        "family": family,
        "script": script,
        "twiml": str(write_twiml(make_ready(script, family).script, family)),
    }
    if updated:
        body["updated"] = updated
    return json_response(body, status, {"ETag": etag} if etag else None)
