"""PUT, GET, DELETE /api/scripts/{name}: scripts by name. GET /api/scripts: the list of scripts.

A script is TwiML as a JSON list of verbs. PUT also accepts TwiML itself (Content-Type text/xml) and converts it:

    [{"verb": "Say", "text": "Hello {{From}}"}, {"verb": "Gather", "num_digits": 1, "action": "/api/twiml/menu",
      "verbs": [{"verb": "Say", "text": "Press one."}]}]

Placeholders like {{From}} are filled from Twilio's request for the script. Two opening braces always begin a
placeholder, so a script cannot say them; in an address, write %7B%7B.

Names are 1 to 64 of a-z, 0-9 and -. Reserved names: `call`, `text`, `call-<digits>`, `text-<digits>`. Scripts with
these names answer inbound calls and messages.

PUT answers 201 or 200 with the script and its TwiML; with ?dry_run or ?dry_run=true it stores nothing. Each answer has
an ETag. With that as If-Match, a script that was changed since is not overwritten (412). With If-None-Match: * a script
is only stored if there is none of that name. One answer lists all errors of a script, each with its place, like
`$[1].num_digits`; `warnings` lists what Twilio accepts although it is probably a mistake. A script that was stored
under older rules and breaks today's is shown with `errors` instead of its TwiML.

Parameters of the query:

    dry_run   of PUT: true checks the script and shows its TwiML, but stores nothing
    schema    of GET /api/scripts: voice or messaging; the answer is the JSON Schema of such scripts, for editors

Headers:

    If-Match       the ETag that you have read; a script that was changed since is not overwritten (412)
    If-None-Match  `*` stores a script only if there is none of that name
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func
import msgspec

from shared.contract.operation import Operation
from shared.errors import CountryNotAllowed, FieldIssue, InvalidRequest, NotFound, PreconditionFailed
from shared.request_body import content_type, read_json
from shared.responses import answers_problems, json_response
from shared.scripts import store as script_store
from shared.scripts.allowed_countries import check_allowed_countries
from shared.scripts.from_twiml import script_of
from shared.scripts.inbound import check_name
from shared.scripts.reading import FAMILIES, Family, InvalidScript, Script, family_of, read_script
from shared.scripts.rules import check_redirects
from shared.scripts.schema import json_schema
from shared.scripts.serving import forget, twiml_of
from shared.scripts.warnings import warnings_of
from shared.settings import ROUTE_PREFIX

bp = func.Blueprint()

# Bytes of a request's body.
LONGEST = script_store.LONGEST_SOURCE
XML = ("text/xml", "application/xml")
SWITCH = {"": True, "true": True, "1": True, "false": False, "0": False}


class Shown(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A script as the API shows it.

    name      its name
    family    voice or messaging
    script    the list of verbs
    twiml     its TwiML, with placeholders
    warnings  what Twilio accepts although it is probably a mistake
    errors    what is wrong by the rules of today, instead of `twiml`
    updated   when it was stored, RFC 3339 in UTC
    """

    name: str
    family: Family
    script: Any
    twiml: str | None = None
    warnings: list[FieldIssue] | None = None
    errors: list[FieldIssue] | None = None
    updated: str | None = None


class ListedScript(msgspec.Struct):
    """A script in the list.

    name     its name
    family   voice or messaging
    updated  when it was stored, RFC 3339 in UTC
    """

    name: str
    family: Family
    updated: str


class ScriptList(msgspec.Struct):
    """The list.

    items  all scripts, sorted by name
    """

    items: list[ListedScript]


class ListQuery(msgspec.Struct):
    """The query of the list."""

    schema: Literal["voice", "messaging"] | None = None


class PutQuery(msgspec.Struct):
    """The query of PUT."""

    dry_run: bool | None = None


class IfMatch(msgspec.Struct):
    """The header of DELETE."""

    if_match: str | None = msgspec.field(default=None, name="If-Match")


class Conditions(IfMatch):
    """The headers of PUT."""

    if_none_match: str | None = msgspec.field(default=None, name="If-None-Match")


NAME = Annotated[str, msgspec.Meta(pattern=f"^{script_store.NAME.pattern}$", description="the name of the script")]
# Not the schema of every verb: that one is recursive, and API Management imports no recursive schemas.
# https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
VERBS = Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, description="GET /api/scripts?schema=voice")]
OPERATIONS = (
    Operation(
        method="GET",
        id="ListScripts",
        summary="List scripts, or return their JSON Schema",
        query=ListQuery,
        answers={200: {"application/json": ScriptList, "application/schema+json": dict[str, Any]}},
    ),
    Operation(
        method="GET",
        id="ShowScript",
        summary="Show a script and its TwiML",
        parameter=NAME,
        answers={200: Shown},
        errors=(NotFound,),
        choices=("ListScripts", "name"),
    ),
    Operation(
        method="PUT",
        id="StoreScript",
        summary="Store a script",
        parameter=NAME,
        query=PutQuery,
        headers=Conditions,
        body={"application/json": VERBS, "text/xml": str},
        answers={200: Shown, 201: Shown},
        errors=(PreconditionFailed, CountryNotAllowed),
        example=[{"verb": "Say", "text": "Hello {{From}}"}],
        choices=("ListScripts", "name"),
    ),
    Operation(
        method="DELETE",
        id="RemoveScript",
        summary="Remove a script",
        parameter=NAME,
        headers=IfMatch,
        answers={204: None},
        errors=(NotFound, PreconditionFailed),
        choices=("ListScripts", "name"),
    ),
)


@bp.route(route="scripts/{name?}", methods=["GET", "PUT", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def scripts(req: func.HttpRequest) -> func.HttpResponse:
    """Store, show, remove or list scripts."""
    name = req.route_params.get("name")
    if name is None:
        if req.method != "GET":
            raise InvalidRequest(FieldIssue("name", "is required: PUT and DELETE /api/scripts/{name}"))
        if "schema" in query(req):
            return schema_response(query(req)["schema"])
        return json_response(ScriptList(msgspec.convert(await script_store.list_names(), list[ListedScript])))
    if not script_store.NAME.fullmatch(name):
        raise InvalidRequest(FieldIssue("name", "expected 1 to 64 of a-z, 0-9 and -"))
    if req.method == "PUT":
        return await put(req, name)
    stored = await script_store.find(name)
    if stored is None:
        raise NotFound("There is no script of that name.")
    if req.method == "GET":
        return show(stored)
    check_etag(req, stored)
    if not await script_store.remove(stored):
        raise changed_meanwhile()
    forget(name)
    return func.HttpResponse(status_code=204)


async def put(req: func.HttpRequest, name: str) -> func.HttpResponse:
    """Store a script, or with `dry_run` only show its TwiML."""
    dry_run = SWITCH.get(query(req).get("dry_run", "false").lower())
    if dry_run is None:
        raise InvalidRequest(FieldIssue("dry_run", "expected true or false"))
    script, family, source, twiml = read_request(req, name)
    warnings = warnings_of(script, path_of(name))
    shown = Shown(name=name, family=family, script=script, twiml=twiml, warnings=warnings)
    if dry_run:
        return json_response(shown)
    earlier = await script_store.find(name)
    check_etag(req, earlier)
    if "if-match" in req.headers or req.headers.get("if-none-match") == "*":
        stored = await script_store.save_unless_changed(name, family, source, earlier)
        if stored is None:
            raise changed_meanwhile()
    else:
        stored = await script_store.save(name, family, source)
    forget(name)
    shown.updated = stored.updated
    return json_response(shown, 200 if earlier else 201, {"ETag": stored.etag})


def query(req: func.HttpRequest) -> dict[str, str]:
    """Return the query's parameters including blank ones, which `req.params` does not contain on Azure."""
    return dict(parse_qsl(urlsplit(req.url).query, keep_blank_values=True))


def read_request(req: func.HttpRequest, name: str) -> tuple[Script, Family, bytes, str]:
    """Return the script in a request, its family, its source to store, and its TwiML with placeholders.

    Raises InvalidRequest with all its errors.
    """
    body = req.get_body()
    if len(body) > LONGEST:
        raise InvalidRequest(FieldIssue("$", f"is {len(body):,} bytes long; at most {LONGEST:,} can be stored"))
    try:
        if content_type(req) in XML or body.lstrip().startswith(b"<"):  # no JSON begins with it
            script, family = script_of(body.decode())
        else:
            value = read_json(body, content_type(req))
            family = family_of(value)
            script = read_script(value, family)
        loops = check_redirects(script, path_of(name))
        if errors := [*check_name(name, script, family), *check_allowed_countries(script), *loops]:
            raise InvalidRequest(*errors)
        return script, family, script_store.source_of(script), twiml_of(script, family, name)
    except UnicodeDecodeError:
        raise InvalidRequest(FieldIssue("$", "is not UTF-8")) from None
    except RecursionError:
        raise InvalidRequest(FieldIssue("$", "is nested too deeply")) from None
    except InvalidScript as error:
        raise InvalidRequest(*error.errors) from None


def path_of(name: str) -> str:
    """Return the path at which a script is served."""
    return f"{ROUTE_PREFIX}/twiml/{name}"


def check_etag(req: func.HttpRequest, stored: script_store.StoredScript | None) -> None:
    """Raise PreconditionFailed if the stored version is not the one that the request names."""
    wanted, unwanted = req.headers.get("if-match"), req.headers.get("if-none-match")
    if wanted is not None and (stored is None or (wanted != "*" and stored.etag not in wanted)):
        raise changed_meanwhile()
    if unwanted == "*" and stored is not None:
        raise PreconditionFailed("There is a script of that name already.")


def changed_meanwhile() -> PreconditionFailed:
    """Return the error for a version that is out of date."""
    return PreconditionFailed("The script has been changed or removed since you read it; read it again.")


def show(stored: script_store.StoredScript) -> func.HttpResponse:
    """Return a stored script with its TwiML, or with its errors if it breaks today's rules."""
    shown = Shown(name=stored.name, family=stored.family, script=stored.json(), updated=stored.updated)
    try:
        script = stored.script()
        shown.twiml = twiml_of(script, stored.family, stored.name)
        shown.warnings = warnings_of(script, path_of(stored.name))
    except InvalidScript as error:
        shown.errors = list(error.errors)
    return json_response(shown, headers={"ETag": stored.etag})


def schema_response(family: str) -> func.HttpResponse:
    """Return the JSON Schema of a family's scripts."""
    for known in FAMILIES:
        if family == known:
            return func.HttpResponse(msgspec.json.encode(json_schema(known)), mimetype="application/schema+json")
    raise InvalidRequest(FieldIssue("schema", f"expected {' or '.join(FAMILIES)}"))
