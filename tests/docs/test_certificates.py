"""Certificates as in docs/operations.md: what the app trusts when a company's proxy decrypts TLS to Twilio."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from tests.support.app import StartApp, app_starter, assert_problem

CALL = {"to": "+15551234567"}
SIGNS_CERTIFICATES = (
    x509.BasicConstraints(ca=True, path_length=None),
    x509.KeyUsage(False, False, False, False, False, True, False, False, False),
)
UNTRUSTED = "no connection to Twilio (ClientConnectorCertificateError), try 3 of 3"


@dataclass
class Proxy:
    """A company's proxy that decrypts TLS to Twilio: its address and its root certificate."""

    url: str
    root: Path


def certificate(
    name: str, key: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey, *more: x509.ExtensionType
) -> bytes:
    """Return a certificate that is valid today, signed by the company's root."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "company")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
    )
    for extension in more:
        builder = builder.add_extension(extension, critical=extension in SIGNS_CERTIFICATES)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy all data until the connection ends."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def proxy(fake_twilio_session: FakeTwilio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy in front of the emulator."""
    folder = tmp_path_factory.mktemp("certificates")
    root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    # Everything that the strict checks of Python 3.13 require.
    root = (x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), *SIGNS_CERTIFICATES)
    server = (
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "root.pem").write_bytes(certificate("company", root_key, root_key, *root))
    (folder / "server.pem").write_bytes(certificate("proxy", key, root_key, *server) + private)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem")
    opened: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            to, answers = await asyncio.open_connection("127.0.0.1", urlsplit(fake_twilio_session.url).port)
            await asyncio.gather(relay(reader, answers), relay(to, writer))

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        end = asyncio.Event()
        opened.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), end))
        await end.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, loop, end = opened.result(10)
    yield Proxy(f"https://127.0.0.1:{port}", folder / "root.pem")
    loop.call_soon_threadsafe(end.set)
    thread.join()


@pytest.fixture(scope="module")
def start_fresh_app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[StartApp]:
    """A function that starts an app that reads certificates when it is imported."""
    with app_starter(fake_twilio_session.url, tables, fresh=True) as start:
        yield start


def test_an_untrusted_server_gets_no_credentials(proxy: Proxy, start_fresh_app: StartApp) -> None:
    """The log line names the reason. The environment variables of other programs have no effect."""
    given = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(proxy.root))
    app = start_fresh_app(TWILIO_API_BASE_URL=proxy.url, SSL_CERT_FILE=certifi.where(), **given)

    assert_problem(app.post("make_call", CALL), 502, "twilio_unavailable")
    app.wait_for_line(UNTRUSTED)


def test_a_company_root_appended_to_the_public_ones_is_trusted(
    proxy: Proxy, start_fresh_app: StartApp, tmp_path: Path
) -> None:
    """In one file, as documented."""
    both = tmp_path / "ca.pem"
    both.write_bytes(Path(certifi.where()).read_bytes() + proxy.root.read_bytes())
    app = start_fresh_app(TWILIO_API_BASE_URL=proxy.url, SSL_CERT_FILE=str(both))

    assert app.post("make_call", CALL).status_code == 201


def test_the_app_connects_to_twilio_directly(proxy: Proxy, start_fresh_app: StartApp) -> None:
    """HTTPS_PROXY is an address where nothing listens, and the call is placed."""
    nowhere = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}", "NO_PROXY": "", "no_proxy": ""}
    app = start_fresh_app(TWILIO_API_BASE_URL=proxy.url, SSL_CERT_FILE=str(proxy.root), **nowhere)

    assert app.post("make_call", CALL).status_code == 201
