"""Scripts by name: PUT, GET, DELETE /api/scripts/{name}; GET /api/scripts lists them.

A script is TwiML as a JSON list of verbs, or TwiML itself, which is read into one (Content-Type text/xml):

    [{"verb": "Say", "text": "Hello {{From}}"}, {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu",
      "verbs": [{"verb": "Say", "text": "Press one."}]}]

{{From}} and its like are filled from the request for the script. Two opening braces always begin one: a script cannot
say them. In an address they are %7B%7B.

Names are 1 to 64 of a-z, 0-9 and -. `call` and `text`, with or without `-` and a number's digits, are those of scripts
that answer calls and texts, and are kept for such.

PUT answers 201 or 200 with the script and the TwiML that it becomes; with ?dry_run or ?dry_run=true it only does that.
Each answer has an ETag: send it back as If-Match, and a script that somebody else has changed since is left alone
(412); If-None-Match: * keeps a script only where there is none. All faults of a script come in one answer, each with
its place, like `$[1].num_digits`. A script that was kept under older rules and has faults under today's is shown with
these `errors` in place of its TwiML.

GET /api/scripts?schema=voice, or =messaging, answers the JSON Schema of such scripts, for editors.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func
import msgspec

from shared.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed
from shared.request_body import content_type, read_json
from shared.responses import answers_problems, json_response
from shared.scripts import store as script_store
from shared.scripts.allowed_countries import check_destinations
from shared.scripts.from_twiml import script_of
from shared.scripts.inbound import check_name
from shared.scripts.reading import FAMILIES, Family, InvalidScript, Script, family_of, read_script
from shared.scripts.rules import check_redirects
from shared.scripts.schema import json_schema
from shared.scripts.serving import forget, twiml_of

bp = func.Blueprint()

# Bytes of a body.
LONGEST = script_store.LONGEST_SOURCE
XML = ("text/xml", "application/xml")
SWITCH = {"": True, "true": True, "1": True, "false": False, "0": False}


@bp.route(route="scripts/{name?}", methods=["GET", "PUT", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def scripts(req: func.HttpRequest) -> func.HttpResponse:
    """Keep, show, remove or list."""
    name = req.route_params.get("name")
    if name is None:
        if req.method != "GET":
            raise InvalidRequest(FieldError("name", "is required: PUT and DELETE /api/scripts/{name}"))
        if "schema" in query(req):
            return schema_response(query(req)["schema"])
        return json_response({"items": await script_store.list_names()})
    if not script_store.NAME.fullmatch(name):
        raise InvalidRequest(FieldError("name", "expected 1 to 64 of a-z, 0-9 and -"))
    if req.method == "PUT":
        return await put(req, name)
    kept = await script_store.find(name)
    if kept is None:
        raise NotFound("There is no script of that name.")
    if req.method == "GET":
        return show(kept)
    check_etag(req, kept)
    if not await script_store.remove(kept):
        raise changed_meanwhile()
    forget(name)
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


async def put(req: func.HttpRequest, name: str) -> func.HttpResponse:
    """Keep a script, or only say what it becomes."""
    dry_run = SWITCH.get(query(req).get("dry_run", "false").lower())
    if dry_run is None:
        raise InvalidRequest(FieldError("dry_run", "expected true or false"))
    script, family, source, twiml = read_request(req, name)
    body = {"name": name, "family": family, "script": script, "twiml": twiml}
    if dry_run:
        return json_response(body)
    earlier = await script_store.find(name)
    check_etag(req, earlier)
    if "if-match" in req.headers or req.headers.get("if-none-match") == "*":
        kept = await script_store.keep_unless_changed(name, family, source, earlier)
        if kept is None:
            raise changed_meanwhile()
    else:
        kept = await script_store.keep(name, family, source)
    forget(name)
    status = HTTPStatus.OK if earlier else HTTPStatus.CREATED
    return json_response({**body, "updated": kept.updated}, status, {"ETag": kept.etag})


def query(req: func.HttpRequest) -> dict[str, str]:
    """Return the query's parameters, blank ones too: on Azure `req.params` holds none of those."""
    return dict(parse_qsl(urlsplit(req.url).query, keep_blank_values=True))


def read_request(req: func.HttpRequest, name: str) -> tuple[Script, Family, bytes, str]:
    """Return the script in a request, checked, as it will be kept, and as TwiML, placeholders and all.

    Raises InvalidRequest with all its faults.
    """
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
        circles = check_redirects(script, f"/api/twiml/{name}")
        if faults := [*check_name(name, script, family), *check_destinations(script), *circles]:
            raise InvalidRequest(*faults)
        return script, family, script_store.source_of(script), twiml_of(script, family)
    except UnicodeDecodeError:
        raise InvalidRequest(FieldError("$", "is not UTF-8")) from None
    except RecursionError:
        raise InvalidRequest(FieldError("$", "is nested too deep")) from None
    except InvalidScript as error:
        raise InvalidRequest(*error.faults) from None


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


def show(kept: script_store.Kept) -> func.HttpResponse:
    """Answer a script that is kept, with its TwiML, or with its faults where it was kept under older rules."""
    body: dict[str, object] = {"name": kept.name, "family": kept.family, "script": kept.json()}
    try:
        body["twiml"] = twiml_of(kept.script(), kept.family)
    except InvalidScript as error:
        body["errors"] = [{"field": fault.field, "detail": fault.detail} for fault in error.faults]
    return json_response({**body, "updated": kept.updated}, headers={"ETag": kept.etag})


def schema_response(family: str) -> func.HttpResponse:
    """Answer the JSON Schema of a family's scripts."""
    for known in FAMILIES:
        if family == known:
            return func.HttpResponse(msgspec.json.encode(json_schema(known)), mimetype="application/schema+json")
    raise InvalidRequest(FieldError("schema", f"expected {' or '.join(FAMILIES)}"))
