"""One request's way to a function and back, with what the Functions host and the Python worker add and leave out."""

import hmac
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp.web import BaseRequest, Response
from azure.functions.meta import Datum
from multidict import CIMultiDict

from dev.host.callers import LOCAL, rejection
from dev.host.functions import HttpFunction
from dev.host.logged_errors import listen, name_errors
from dev.host.request_line import request_line
from dev.host.routes import decode
from dev.host.runtime import FunctionFailed, Runtime

MAX_BODY = 100 * 1024 * 1024
# Kestrel sends no body with these, and fails when a function gives one.
# https://github.com/dotnet/aspnetcore: HttpProtocol.cs, CanWriteResponseBody
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED})


class FunctionsHost:
    """Serves functions: takes the first whose route and method match, checks the key or the caller, calls it."""

    def __init__(
        self,
        runtime: Runtime,
        functions: list[HttpFunction],
        key: str | None = None,
        verbose: bool = False,
        homes: frozenset[str] = LOCAL,
        names_errors: bool = False,
    ) -> None:
        self.runtime = runtime
        self.functions = functions
        self.key = key
        self.homes = homes
        self.verbose = verbose
        self.names_errors = names_errors
        self.unmatched: Callable[[BaseRequest], Response] = lambda request: Response(status=404)

    async def serve(self, request: BaseRequest) -> Response:
        """Answer one request."""
        errors = listen() if self.names_errors else []
        started = time.perf_counter()
        response = await self.answer(request)
        name_errors(response, errors)
        if self.verbose:
            path = request.raw_path.partition("?")[0]
            duration = (time.perf_counter() - started) * 1000
            kind, body = request.content_type, request.get("body", b"")
            print(request_line(request.method, path, response.status, duration, kind, body), flush=True)
        return response

    async def answer(self, request: BaseRequest) -> Response:
        """Find the function for a request and return its response, or the host's own."""
        target = request.raw_path
        if not target.startswith("/"):
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("?")
        decoded = decode(path)
        method = request.method.upper()
        for function in self.functions:
            if function.accepts(method) and (route_params := function.route.match(decoded)) is not None:
                break
        else:
            return self.unmatched(request)

        query_params = parse_qsl(query, keep_blank_values=True) if query else []
        if self.key is None and not function.is_anonymous and (words := rejection(request.headers, self.homes)):
            return Response(status=403, text=f"{function.name}: {words}.\n")
        if self.key is not None and not function.is_anonymous:
            given = request.headers.get("x-functions-key")
            if given is None:
                given = next((value for name, value in query_params if name.lower() == "code"), "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self.key.encode()):
                return Response(status=401)
        try:
            headers = worker_headers(request)
        except UnicodeEncodeError:
            return Response(status=400)
        # A body without a length, that is a chunked one, never reaches a worker.
        # https://github.com/Azure/azure-functions-host: GrpcMessageConversionExtensions.cs
        length = request.content_length or 0
        if length > MAX_BODY:
            return Response(status=413)
        request["body"] = body = await request.content.read() if length else b""
        url = f"http://{headers.get('host', '')}{target}"
        value = http_datum(method, url, headers, worker_params(query_params), route_params, body)
        try:
            return to_response(await self.runtime.invoke(function.function, value), method)
        except (FunctionFailed, TypeError, ValueError) as error:
            print(f"Exception while executing function {function.name}:\n{error}", file=sys.stderr, flush=True)
            return Response(status=500)


def http_datum(
    method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], params: Mapping[str, str], body: bytes
) -> Datum:
    """Return a request in the form in which a runtime's HTTP binding reads it."""

    def texts(values: Mapping[str, str]) -> dict[str, Datum]:
        return {name: Datum(value, "string") for name, value in values.items()}

    value = {
        "method": Datum(method, "string"),
        "url": Datum(url, "string"),
        "headers": texts(headers),
        "query": texts(query),
        "params": texts(params),
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def worker_headers(request: BaseRequest) -> dict[str, str]:
    """Return the request's headers as the worker gets them: lower-case names, repeated values joined."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if not value.isascii():
            value.encode()  # Kestrel rejects what is not UTF-8.
        name = name.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def worker_params(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return query parameters as the worker gets them: case ignored, repeated values joined, blank ones gone."""
    if len(pairs) < 2:
        return {name: value for name, value in pairs if value}
    spelling: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
    return {name: joined for name, joined in ((name, ",".join(several)) for name, several in values.items()) if joined}


def to_response(datum: Datum, method: str) -> Response:
    """Write a function's encoded result as the host does; raises ValueError for what the host cannot write."""
    if datum.type == "string":
        return Response(text=datum.value)
    status = int(datum.value["status_code"].value)
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in datum.value["headers"].items():
        if not value.value.isascii():
            raise ValueError(f"The response header {name} is not ASCII.")
        headers[name] = value.value
    for cookies in datum.value["cookies"] or ():
        for cookie in cookies.values():
            headers.add("Set-Cookie", cookie.OutputString())
    body = datum.value["body"].value
    if status in BODILESS:
        if body and method != "HEAD":
            raise ValueError(f"A response with status {status} has no body, and this one has one.")
        body = None
    return Response(status=status, headers=headers, body=body)
