"""Block cross-origin requests: the phones need no password, and the password of the REST API is in a public file."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

NAMES = ("127.0.0.1", "localhost", "[::1]")
PORT = re.compile(r":\d+\Z")


def guard(base_url: Callable[[], str]) -> Middleware:
    """Return a middleware that accepts requests of the page at `base_url` and of programs on this machine."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if words := refusal(request, base_url()):
            return web.json_response({"detail": words}, status=403)
        return await handler(request)

    return guarded


def refusal(request: web.Request, base_url: str) -> str:
    """Return why a request is rejected; an empty string if it is not.

    A browser lets every website send requests to this machine (CSRF). If the name of the website resolves to this
    machine (DNS rebinding), it can even read the answers. A website cannot change the headers Host and Origin, which
    the browser writes. Programs, such as the app, send no Origin.
    """
    own = urlsplit(base_url)
    names = (*NAMES, own.hostname)
    if PORT.sub("", request.headers.get("Host", "").lower()) not in names:
        return f"The emulator answers at {base_url} and at localhost only."
    origin = request.headers.get("Origin")
    # The page with the Voice SDK is the app's, on another port; what it can do needs an access token.
    known = PORT.sub("", origin) if origin and request.path == "/signal" else origin
    port = "" if request.path == "/signal" else f":{own.port}"
    if known not in (None, *(f"http://{name}{port}" for name in names)):
        return "Requests of other websites are rejected."
    return ""
