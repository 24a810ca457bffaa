"""Both runtimes show a function the same request, and a client the same answer."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.host import Host, serving

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="azure-functions-runtime, with which to compare, needs Python 3.13"
)
Both = tuple[Host, Host]

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/echo", {}),
    ("GET", "/api/echo?a=1&A=2&b=&c=%C3%A9%26+x", {}),
    ("GET", "/api/items/12/a%20b%2Fc", {}),
    ("GET", "/api/files/one/two%20three", {}),
    ("DELETE", "/api/public_echo", {"headers": {"X-One": "1, 2", "Cookie": "a=b; c=d", "Accept-Language": "de"}}),
    ("POST", "/api/echo", {"data": bytes(range(256))}),
    ("POST", "/api/echo", {"data": {"To": "+15551234567", "Body": "é & ü", "Twice": ["1", "2"]}}),
    ("POST", "/api/echo", {"json": {"a": [1, None, "é"]}}),
    ("POST", "/api/echo", {"data": b"", "headers": {"Content-Type": "application/json"}}),
    ("PUT", "/api/echo", {"data": "<a/>".encode("utf-16"), "headers": {"Content-Type": "text/xml; charset=utf-16"}}),
    ("PATCH", "/api/items/3", {}),
    ("GET", "/api/greeting", {}),
    ("GET", "/api/raises", {}),
    ("GET", "/api/gives_a_coroutine", {}),
    ("GET", "/api/nowhere", {}),
]
RESULTS = [
    "'text'",
    "''",
    "None",
    "b'bytes'",
    "{'a': 1}",
    "func.HttpResponse()",
    "func.HttpResponse('hé', charset='latin-1')",
    "func.HttpResponse(bytes(range(256)), mimetype='application/octet-stream')",
    "func.HttpResponse(bytearray(b'x'), status_code=201)",
    "func.HttpResponse('x', headers={'X-One': '1', 'Content-Type': 'image/x; a=b'})",
    "func.HttpResponse('x', headers={'X-Number': 1})",
    "func.HttpResponse('x', headers={'X-Name': 'é'})",
    "func.HttpResponse(status_code=204)",
    "func.HttpResponse('body', status_code=204)",
    "func.HttpResponse('x', status_code=404, mimetype='application/problem+json')",
    "[r := func.HttpResponse('x'), r.headers.add('Set-Cookie', 'a=b; Path=/; HttpOnly; Max-Age=60')][0]",
    "[r := func.HttpResponse('x'), r.headers.add('Set-Cookie', 'a=b'), r.headers.add('Set-Cookie', 'c=d')][0]",
    "1 / 0",
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The same app on Microsoft's runtime and on the small one."""
    with (
        serving(tmp_path_factory.mktemp("microsoft"), "--runtime", "microsoft") as microsoft,
        serving(tmp_path_factory.mktemp("small"), "--runtime", "small") as small,
    ):
        assert microsoft.wait_for_line("runs on azure-functions-runtime")
        assert small.wait_for_line("runs on the project's small runtime")
        yield microsoft, small


def seen(answer: requests.Response) -> tuple[int, dict[str, str], list[str], bytes]:
    """Return all that a client gets, without the time."""
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
    return answer.status_code, headers, answer.raw.headers.getlist("Set-Cookie"), answer.content


@pytest.mark.parametrize(("method", "path", "options"), REQUESTS)
def test_a_function_sees_the_same_request(both: Both, method: str, path: str, options: dict[str, Any]) -> None:
    """Method, address, headers, query, route parameters, body and form, as the function describes them."""
    headers = {"Host": "localhost:7071", **options.get("headers", {})}
    microsoft, small = (host.request(method, path, **{**options, "headers": headers}) for host in both)
    assert seen(microsoft) == seen(small)


@pytest.mark.parametrize("result", RESULTS)
def test_a_client_gets_the_same_answer(both: Both, result: str) -> None:
    """Whatever the function returns or raises."""
    microsoft, small = (host.request("POST", "/api/answer", data=result.encode()) for host in both)
    assert seen(microsoft) == seen(small)
