"""Keeps pages of other sites away from the phones: these ask for no password, and answer this machine only."""

from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import web

NAMES = ("127.0.0.1", "localhost", "[::1]")
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(routes: Iterable[web.RouteDef], base_url: Callable[[], str]) -> list[web.RouteDef]:
    """The same routes, for our own page at `base_url` and for programs of this machine."""
    return [web.route(one.method, one.path, guard(one.handler, base_url), **one.kwargs) for one in routes]


def guard(handle: Handle, base_url: Callable[[], str]) -> Handle:
    """A route's handler, behind a look at who asks."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if words := refusal(request, base_url()):
            return web.json_response({"detail": words}, status=403)
        return await handle(request)

    return handler


def refusal(request: web.Request, base_url: str) -> str:
    """Why a request is refused, in words; empty when it is not.

    A browser lets every page that a person visits send requests to this machine (CSRF). Where the name of that page
    leads here (DNS rebinding), it may even read the answers. What a browser writes into Host and Origin no page can
    change; programs send no Origin, and neither does the app.
    """
    homes = {f"http://{name}:{urlsplit(base_url).port}".removesuffix(":80") for name in NAMES}
    if f"http://{request.headers.get('Host', '')}".lower() not in homes:
        return f"The phones answer at {base_url} only, or at localhost."
    if request.headers.get("Origin") not in (None, *homes):
        return "A page of another site may not use the phones."
    return ""
