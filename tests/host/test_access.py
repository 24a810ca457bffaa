"""Who may call a function: keys, and requests from other websites."""

from collections.abc import Iterator

import pytest

from tests.support.host import Host, serving


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP and asks for a key."""
    with serving(tmp_path_factory.mktemp("locked"), "--key", "s3cret+/é") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/echo", {}, 401),
        ("/api/for_admins", {}, 401),
        ("/api/echo", {"x-functions-key": "s3cret+/é".encode()}, 200),
        ("/api/for_admins", {"X-Functions-Key": "s3cret+/é".encode()}, 200),
        ("/api/echo?code=s3cret%2B/%C3%A9", {}, 200),
        ("/api/echo?CODE=s3cret%2B/%C3%A9", {}, 200),
        ("/api/echo?code=s3cret", {}, 401),
        ("/api/echo?code=", {}, 401),
        ("/api/echo", {"x-functions-key": "s3cret"}, 401),
        ("/api/echo?code=s3cret%2B/%C3%A9", {"x-functions-key": "wrong"}, 401),
        ("/api/greeting", {}, 200),
        ("/api/unknown", {}, 404),
    ],
)
def test_a_key_locks_what_is_not_anonymous(
    locked: Host, path: str, headers: dict[str, str | bytes], status: int
) -> None:
    """The key comes in the header or, without one, in the query; a rejection is 401 and empty."""
    response = locked.request("GET", path, headers=headers)
    assert response.status_code == status
    assert status == 200 or response.content == b""


def test_all_functions_are_open_without_a_key(host: Host) -> None:
    """As under `func start`."""
    assert host.request("GET", "/api/for_admins").text == "ok"


FOREIGN_HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "[::1", "@"]
FROM_ANOTHER_SITE: list[dict[str, str]] = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]


@pytest.fixture(scope="module")
def tunnelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP to the world, at an address of a tunnel."""
    with serving(tmp_path_factory.mktemp("tunnelled"), PUBLIC_BASE_URL="https://phone.tunnel.example") as running:
        yield running


@pytest.mark.parametrize("name", FOREIGN_HOSTS)
def test_a_name_that_only_resolves_to_this_machine_is_rejected(host: Host, tunnelled: Host, name: str) -> None:
    """Without a key, a page whose name resolves to this machine (DNS rebinding) must not read the log."""
    for running in (host, tunnelled):
        response = running.request("GET", "/api/echo", headers={"Host": name.format(port=running.port)})
        assert response.status_code == 403
        assert "answers at this machine's own names and at PUBLIC_BASE_URL only" in response.text


@pytest.mark.parametrize("headers", FROM_ANOTHER_SITE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_site_is_rejected(host: Host, method: str, headers: dict[str, str]) -> None:
    """Without a key, a page that the developer visits must not place calls."""
    response = host.request(method, "/api/echo", headers=headers)
    assert response.status_code == 403
    assert "a page of another site" in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:9999"},
        {"Host": "[::1]"},
        {"Host": "LOCALHOST"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_this_machine_and_links_to_it_are_let_in(host: Host, headers: dict[str, str]) -> None:
    """Its own names at any port, which may be forwarded; its own pages; a link from anywhere, which only shows."""
    assert host.request("GET", "/api/echo", headers=headers).status_code == 200


def test_the_address_of_a_tunnel_is_let_in(host: Host, tunnelled: Host) -> None:
    """The host of PUBLIC_BASE_URL is the app's own, for pages as well."""
    own = {"Host": "phone.tunnel.example", "Origin": "https://phone.tunnel.example"}
    assert tunnelled.request("POST", "/api/echo", headers=own).status_code == 200
    assert tunnelled.request("POST", "/api/echo").status_code == 200
    assert host.request("POST", "/api/echo", headers=own).status_code == 403


@pytest.mark.parametrize("headers", [{"Host": "any.example"}, {"Origin": "http://evil.example"}])
def test_a_key_and_what_azure_leaves_open_need_no_other_guard(
    host: Host, locked: Host, headers: dict[str, str]
) -> None:
    """A caller with the key may call from anywhere, and Twilio's webhooks come through tunnels of any name."""
    keyed = {**headers, "x-functions-key": "s3cret+/é".encode()}
    assert locked.request("POST", "/api/echo", headers=keyed).status_code == 200
    assert host.request("POST", "/api/greeting", headers=headers).status_code == 200
