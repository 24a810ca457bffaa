"""The page at `/` and `/api` of the laptop's host: where everything is. The deployed app has no such page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus

from aiohttp.web import BaseRequest, Response

from dev.host.callers import rejection
from dev.host.functions import HttpFunction

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
th { text-align: left; font-weight: 600 }
th, td { padding: .1rem 1.5rem .1rem 0; vertical-align: top }
code { font-size: .95em }
"""


class FrontPage:
    """Answers requests that no function takes: `/` and `/api` with the page, all others with 404."""

    def __init__(
        self, functions: Sequence[HttpFunction], prefix: str, environ: Mapping[str, str], names: frozenset[str]
    ) -> None:
        """Prepare the page. `environ` has the app's settings; only requests to these host `names` get the page."""
        self.paths = {"/", f"/{prefix}", f"/{prefix}/"}
        self.addresses = addresses(environ, prefix)
        self.routes = [(", ".join(sorted(f.methods or ())) or "any", f"/{f.route.template}") for f in functions]
        self.names = names

    def __call__(self, request: BaseRequest) -> Response:
        """Answer with HTML for a browser, else with plain text."""
        if request.path not in self.paths or request.method != "GET" or rejection(request.headers, self.names):
            return Response(status=HTTPStatus.NOT_FOUND)
        html = "text/html" in request.headers.get("Accept", "")
        text, kind = (self.html(), "text/html") if html else (self.plain(), "text/plain")
        return Response(text=text, content_type=kind, headers={"Cache-Control": "no-store"})

    def plain(self) -> str:
        """Return the page as text."""
        places = [f"{name:<8}{url}" for name, url in self.addresses]
        width = max((len(methods) for methods, _ in self.routes), default=0)
        routes = [f"{methods:<{width}}  {path}" for methods, path in self.routes]
        return "\n".join([*places, "", *routes, ""])

    def html(self) -> str:
        """Return the page for a browser."""
        places = [(escape(name), link(url, url)) for name, url in self.addresses]
        routes = [(code(methods), route(methods, path)) for methods, path in self.routes]
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Function app on this machine</title>'
            '<link rel="icon" href="data:,">'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
            f"<h1>Function app on this machine</h1>{table(places)}<h2>Routes</h2>{table(routes)}</html>"
        )


def addresses(environ: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    """Return the names and addresses of the app and of the services that its settings name."""
    tables = re.search(r"TableEndpoint=(http://[^/;]+)", environ.get("TABLES_CONNECTION_STRING", ""))
    found = [
        ("App", f"{environ.get('PUBLIC_BASE_URL', '')}/{prefix}"),
        ("Phones", environ.get("TWILIO_API_BASE_URL", "")),
        ("Tables", tables[1] if tables else ""),
    ]
    return [(name, url) for name, url in found if url.startswith("http")]


def route(methods: str, path: str) -> str:
    """Return a route, as a link when a browser can open it: GET without POST, which webhooks have, or parameters."""
    url = re.sub(r"/\{\w+\?\}$", "", path)  # an optional parameter
    return code(path) if "GET" not in methods or "POST" in methods or "{" in url else link(url, path)


def link(url: str, text: str) -> str:
    """Return a link to an address."""
    return f'<a href="{escape(url)}">{code(text)}</a>'


def code(text: str) -> str:
    """Return text in a fixed-width font."""
    return f"<code>{escape(text)}</code>"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Return a table of two columns, whose cells are HTML already."""
    return "<table>" + "".join(f"<tr><th>{name}<td>{value}" for name, value in rows) + "</table>"
