"""The deployed app's stand-in, over real HTTPS, with the settings, secrets and functions that it was given."""

from __future__ import annotations

import datetime
import json
import re
import ssl
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.request_validator import RequestValidator

if TYPE_CHECKING:
    from tests.support.stand_in_az.cloud import Azure

REFERENCE = re.compile(r"@Microsoft\.KeyVault\(SecretUri=https://([\w-]+)\.vault\.azure\.net/secrets/([\w-]+)/\)")
PARAMETERS = {
    "TWILIO_ACCOUNT_SID": "twilioAccountSid",
    "TWILIO_API_KEY": "twilioApiKey",
    "TWILIO_FROM_NUMBER": "twilioFromNumber",
    "TWILIO_MESSAGING_SERVICE_SID": "twilioMessagingServiceSid",
    "ALLOWED_COUNTRIES": "allowedCountries",
    "DEFAULT_COUNTRY": "defaultCountry",
}


@dataclass
class App:
    """One function app."""

    host: str = ""
    key: str = "marked-function-key"
    azure: Azure | None = field(default=None, repr=False)
    settings: dict[str, str] = field(default_factory=dict)
    fetched: dict[str, str] = field(default_factory=dict, repr=False)
    functions: list[str] = field(default_factory=list)
    unlisted: int = 0
    sick: int = 0
    lazy: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)

    def deploy(self, azure: Azure, parameters: dict[str, str], vault: str) -> None:
        """Set all settings, as the template does."""
        self.azure = azure

        def reference(name: str) -> str:
            return f"@Microsoft.KeyVault(SecretUri=https://{vault}.vault.azure.net/secrets/{name}/)"

        settings = {name: parameters.get(parameter, "") for name, parameter in PARAMETERS.items()}
        settings["DEFAULT_COUNTRY"] = settings["DEFAULT_COUNTRY"] or "US"
        settings["TWILIO_AUTH_TOKEN"] = reference("twilio-auth-token")
        rotating = parameters.get("rotating") == "true"
        settings["TWILIO_AUTH_TOKEN_NEXT"] = reference("twilio-auth-token-next") if rotating else ""
        settings["TWILIO_API_SECRET"] = reference("twilio-api-secret") if settings["TWILIO_API_KEY"] else ""
        settings["PUBLIC_BASE_URL"] = parameters.get("publicBaseUrl") or f"https://{self.host}"
        if settings != self.settings:
            self.settings = settings
            self.fetch()

    def fetch(self) -> None:
        """Read the Key Vault references, which happens when a setting changes and when somebody asks for it."""
        assert self.azure is not None
        if self.lazy:
            self.lazy -= 1
            return
        self.fetched = {}
        for name, value in self.settings.items():
            found = REFERENCE.fullmatch(value)
            versions = self.azure.vaults.get(found[1], {}).get(found[2]) if found else None
            usable = versions and versions[-1]["enabled"]
            self.fetched[name] = versions[-1]["value"] if versions and usable else value

    def reference(self, name: str) -> dict[str, Any]:
        """Return what Azure says of a reference."""
        found = REFERENCE.fullmatch(self.settings[name])
        assert self.azure is not None
        assert found is not None
        version = self.azure.vaults[found[1]][found[2]][-1]
        resolved = self.fetched.get(name) == version["value"]
        return {"status": "Resolved" if resolved else "Initialized", "activeVersion": version["id"].rpartition("/")[2]}

    def publish(self, package: zipfile.ZipFile) -> None:
        """Take the code."""
        entry = package.read("function_app.py").decode()
        self.functions = [
            name for name in re.findall(r"(?m)^import (\w+)$", entry) if f"{name}/__init__.py" in package.namelist()
        ]

    def listed(self) -> list[str]:
        """Return the functions that Azure knows of."""
        return ["WarmUp"] if self.unlisted else self.functions

    def synchronise(self) -> None:
        """Let Azure look again."""
        self.unlisted = max(0, self.unlisted - 1)

    def remove(self) -> None:
        """Be gone."""
        self.settings, self.fetched, self.functions = {}, {}, []

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one request as the app does."""
        name, _, rest = path.removeprefix("/api/").partition("/")
        if name not in self.functions:
            return 404, {}
        if name == "health":
            self.sick -= self.sick > 0
            wrong = self.sick or any(value.startswith("@") for value in self.fetched.values())
            parts = {"settings": "wrong" if wrong else "ok", "storage": "unknown" if wrong else "ok"}
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
            form = headers.get("content-type") == "application/x-www-form-urlencoded"
            self.calls.append(dict(parse_qsl(body.decode())) if form else json.loads(body))
            return 201, {"sid": "CA" + "5" * 32, "status": "queued"}
        return 200, {"sid": rest, "status": "completed"}

    @contextmanager
    def serving(self, folder: Path) -> Iterator[Path]:
        """Serve on a free port; gives the file with the certificate to trust."""
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = app.answer(self.command, self.path, headers, body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *words: object) -> None:
                """Be quiet."""

        certificate = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            self.host = f"localhost:{server.server_address[1]}"
            yield certificate
            server.shutdown()
            thread.join()


def make_certificate(folder: Path) -> Path:
    """Return a file with a new certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
