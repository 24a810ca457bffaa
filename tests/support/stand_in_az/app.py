"""The deployed app's stand-in, over real HTTPS, with the settings, secrets and code that it was given."""

from __future__ import annotations

import datetime
import json
import re
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.request_validator import RequestValidator

REFERENCE = re.compile(r"@Microsoft\.KeyVault\(SecretUri=https://([\w-]+)\.vault\.azure\.net/secrets/([\w-]+)/\)")
Vaults = dict[str, dict[str, list[dict[str, Any]]]]


@dataclass
class App:
    """One function app."""

    host: str = ""
    key: str = "marked-function-key"
    vaults: Vaults = field(default_factory=dict, repr=False)
    settings: dict[str, str] = field(default_factory=dict)
    fetched: dict[str, str] = field(default_factory=dict, repr=False)
    functions: list[str] = field(default_factory=list)
    python: str = ""
    built_for: str = ""
    """The Python for which the running code was built."""
    build: str = ""
    waiting: str = ""
    """The build that runs after some more requests for the health."""
    slow: int = 0
    starting: int = 0
    """So many requests are answered 503, since the instances restart."""
    restarts: int = 0
    """How many requests each change of the settings costs."""
    unlisted: int = 0
    sick: int = 0
    lazy: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)

    def real(self, value: str) -> str:
        """Return a value of the template with what only Azure knows filled in."""
        value = re.sub(r"<([\w-]+)\.properties\.vaultUri>", r"https://\1.vault.azure.net/", value)
        return re.sub(r"<func-[\w-]+\.properties\.defaultHostName>", self.host, value)

    def deploy(self, vaults: Vaults, python: str, settings: dict[str, str]) -> None:
        """Set the Python and all settings, as the template does."""
        self.vaults, self.python = vaults, python
        settings = {name: self.real(value) for name, value in settings.items()}
        if settings != self.settings:
            self.settings = {}
            self.change(settings)

    def change(self, settings: dict[str, str]) -> None:
        """Change settings, which restarts the instances and fetches the secrets."""
        self.settings |= settings
        self.starting = self.restarts
        self.fetch()

    def fetch(self) -> None:
        """Read the Key Vault references."""
        if self.lazy:
            self.lazy -= 1
            return
        fetched = {}
        for name, value in self.settings.items():
            found = REFERENCE.fullmatch(value)
            versions = self.vaults.get(found[1], {}).get(found[2]) if found else None
            fetched[name] = versions[-1]["value"] if versions and versions[-1]["enabled"] else value
        self.fetched = fetched  # at once: requests are answered meanwhile

    def reference(self, name: str) -> dict[str, Any]:
        """Return what Azure says of a reference."""
        found = REFERENCE.fullmatch(self.settings[name])
        assert found is not None
        version = self.vaults[found[1]][found[2]][-1]
        resolved = self.fetched.get(name) == version["value"]
        return {"status": "Resolved" if resolved else "Initialized", "activeVersion": version["id"].rpartition("/")[2]}

    def publish(self, package: zipfile.ZipFile) -> None:
        """Take the code; a slow build runs only some requests later."""
        entry, names = package.read("function_app.py").decode(), package.namelist()
        imported = re.findall(r"(?m)^(?:import|from) (\w+)", entry)
        self.functions = sorted({name for name in imported if f"{name}/__init__.py" in names})
        self.built_for, self.waiting = self.python, package.read("build_id.txt").decode()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one request as the app does."""
        name, _, rest = path.removeprefix("/api/").partition("/")
        if name not in self.functions:
            return 404, {}
        if self.starting or self.built_for != self.python:
            self.starting = max(0, self.starting - 1)
            return 503, {}
        if name == "health":
            self.slow -= self.slow > 0
            self.build = self.build if self.slow else self.waiting
            self.sick -= self.sick > 0
            wrong = self.sick or any(value.startswith("@") for value in self.fetched.values())
            parts = {"settings": "wrong" if wrong else "ok", "build": self.build}
            return (503, {"status": "not_ready", **parts}) if wrong else (200, {"status": "ready", **parts})
        if name == "twiml_hello":
            url = f"{self.settings['PUBLIC_BASE_URL']}{path}"
            tokens = [self.fetched["TWILIO_AUTH_TOKEN"], self.fetched["TWILIO_AUTH_TOKEN_NEXT"]]
            signature = headers.get("x-twilio-signature", "")
            signed = any(RequestValidator(token).validate(url, {}, signature) for token in tokens if token)
            return (200 if signed else 403), {}
        if headers.get("x-functions-key") != self.key:
            return 401, {}
        if name == "make_call":
            self.calls.append(json.loads(body))
            return 201, {"sid": "CA" + "5" * 32, "status": "queued"}
        return 200, {"sid": rest, "status": "completed"}

    @contextmanager
    def serving(self, folder: Path) -> Iterator[Path]:
        """Serve on a free port; gives the file with the certificate to trust."""
        certificate = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with serve(self.answer, context) as port:
            self.host = f"localhost:{port}"
            yield certificate


Answer = Callable[[str, str, dict[str, str], bytes], "tuple[int, Any] | None"]


@contextmanager
def serve(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer requests with JSON, by method, path, headers and body, on a free port; None closes the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = answer(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            if found is not None:
                data = b"" if found[0] == 204 else json.dumps(found[1]).encode()
                self.send_response(found[0])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_POST = do_DELETE = do_GET

        def log_message(self, *words: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def make_certificate(folder: Path) -> Path:
    """Return a file with a new certificate for localhost and its key."""
    key, path = ec.generate_private_key(ec.SECP256R1()), folder / "certificate.pem"
    name, now = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
        datetime.datetime.now(datetime.UTC),
    )
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return path
