"""A page of static files, beside the function that serves it; `shared/page` has those of all pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import azure.functions as func

INDEX = "index.html"
COMMON = Path(__file__).parent / "page"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
# Scripts and styles come from the app only, nothing can frame the page, and it can send no form.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


class StaticPage:
    """The files of a folder, of the folder `vendor` in it, and of COMMON. They do not change while the process runs."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet: most processes serve no page."""
        self.folder = folder
        self.files: dict[str, tuple[bytes, str]] = {}

    def serve(self, req: func.HttpRequest, sources: Mapping[str, str]) -> func.HttpResponse:
        """Return the file that the route's `file` names, or index.html; `sources` change the policy of the page.

        A browser asks each time whether its copy is current (ETag, 304).
        https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
        """
        name = req.route_params.get("file") or INDEX
        found = self.read(name)
        if found is None:
            return func.HttpResponse(status_code=404)
        content, etag = found
        headers = {"ETag": etag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if name == INDEX:
            policy = {**POLICY, **sources}
            headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
            headers["Referrer-Policy"] = "no-referrer"
        if req.headers.get("if-none-match") == etag:
            return func.HttpResponse(status_code=304, headers=headers)
        return func.HttpResponse(content, headers={**headers, "Content-Type": TYPES[Path(name).suffix]})

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a file's content and ETag, or None if the page has no such file."""
        if not self.files:
            for path in (*COMMON.iterdir(), *self.folder.iterdir(), *self.folder.glob("vendor/*")):
                if path.suffix in TYPES:
                    content = path.read_bytes()
                    self.files[path.name] = content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return self.files.get(name)
