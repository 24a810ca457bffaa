"""What a function receives, and what the client gets."""

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.host import Host


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_function_without_methods_answers_all(host: Host, method: str) -> None:
    """Azure's default is every method."""
    assert host.request(method, "/api/echo").json()["method"] == method


def test_the_url_is_the_one_that_was_called(host: Host) -> None:
    """Scheme, Host header, path and query reach the function byte for byte, else signatures cannot be checked."""
    target = "/api/public_echo?b=%2b+%7e&a=&a=1;x&&c=%E2%82%AC&Q='!"
    answer = host.raw(f"GET {target} HTTP/1.1\r\nHost: Example.com:8443\r\nConnection: close\r\n\r\n".encode())
    assert f'"url": "http://Example.com:8443{target}"'.encode() in answer


def test_header_names_are_lower_case_and_repeated_values_joined(host: Host) -> None:
    """The worker gets one value for each lower-case name."""
    answer = host.raw(
        b"GET /api/public_echo HTTP/1.1\r\nHost: h\r\nX-Twilio-Signature: Abc=\r\nX-Many: 1\r\nx-many: 2\r\n"
        b"X-Empty:\r\nConnection: close\r\n\r\n"
    )
    assert b'"x-twilio-signature": "Abc="' in answer
    assert b'"x-many": "1,2"' in answer
    assert b'"x-empty": ""' in answer


def test_a_header_that_is_not_utf_8_is_400(host: Host) -> None:
    """Kestrel rejects such a request before a function sees it."""
    answer = host.raw(b"GET /api/public_echo HTTP/1.1\r\nHost: h\r\nX-Odd: \xff\xfe\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2&A=3", {"a": "1,2,3"}),
        ("a=&b", {}),
        ("a=&a=1", {"a": ",1"}),
        ("a%20b=%2B+%C3%A9", {"a b": "+ é"}),
    ],
)
def test_query_parameters_are_those_of_the_worker(host: Host, query: str, params: dict[str, str]) -> None:
    """Repeated parameters are joined with commas whatever their case, and blank ones never arrive."""
    assert host.request("GET", f"/api/echo?{query}").json()["params"] == params


def test_a_body_arrives_as_it_was_sent(host: Host) -> None:
    """Bytes are not decoded or unpacked, and a form can be read from them."""
    packed = gzip.compress(b"hello")
    seen = host.request("POST", "/api/echo", data=packed, headers={"Content-Encoding": "gzip"}).json()
    assert seen["body"].encode("latin-1") == packed
    seen = host.request("POST", "/api/echo", data=[("A", "1"), ("A", "2"), ("B", "")]).json()
    assert seen["form"] == {"A": ["1", "2"], "B": [""]}


def test_a_large_body_arrives(host: Host) -> None:
    """The host's limit is 100 MiB, not the 1 MiB of the server below."""
    assert len(host.request("POST", "/api/echo", data=b"x" * 3_000_000).json()["body"]) == 3_000_000


def test_a_chunked_body_never_arrives(host: Host) -> None:
    """The Functions host hands a body on only when the request has a Content-Length."""
    seen = host.request("POST", "/api/echo", data=iter([b"one", b"two"])).json()
    assert seen["body"] == ""
    assert seen["headers"]["transfer-encoding"] == "chunked"


def test_plain_handlers_run_in_threads(host: Host) -> None:
    """Two requests to a plain handler that waits for both are answered."""
    with ThreadPoolExecutor(2) as callers:
        answers = list(callers.map(lambda _: host.request("GET", "/api/meet_in_threads"), range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.text for answer in answers} - {"MainThread"}) == 2


def test_async_handlers_run_on_one_loop(host: Host) -> None:
    """Two requests to an async handler that waits for both are answered, in the main thread."""
    with ThreadPoolExecutor(2) as callers:
        answers = list(callers.map(lambda _: host.request("GET", "/api/meet_on_the_loop"), range(2)))
    assert [answer.text for answer in answers] == ["MainThread", "MainThread"]


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        ("func.HttpResponse('hé')", 200, "text/plain; charset=utf-8", "hé".encode()),
        ("func.HttpResponse('hé', charset='latin-1')", 200, "text/plain; charset=latin-1", b"h\xe9"),
        ("func.HttpResponse(b'<a/>', mimetype='text/xml')", 200, "text/xml; charset=utf-8", b"<a/>"),
        ("func.HttpResponse('{}', status_code=201, mimetype='application/json')", 201, "application/json", b"{}"),
        ("func.HttpResponse('x', headers={'Content-Type': 'image/x; a=b'})", 200, "image/x; a=b", b"x"),
        ("func.HttpResponse(status_code=503)", 503, "text/plain; charset=utf-8", b""),
        ("func.HttpResponse(status_code=204)", 204, "text/plain; charset=utf-8", b""),
        ("'only text'", 200, "text/plain; charset=utf-8", b"only text"),
    ],
)
def test_responses_go_out_as_the_host_writes_them(
    host: Host, result: str, status: int, content_type: str, body: bytes
) -> None:
    """Status, body and content type are the function's, with the library's defaults."""
    response = host.request("POST", "/api/answer", data=result.encode())
    assert (response.status_code, response.headers["Content-Type"], response.content) == (status, content_type, body)


def test_a_204_has_no_content_length(host: Host) -> None:
    """As Kestrel sends it."""
    response = host.request("POST", "/api/answer", data="func.HttpResponse(status_code=204)")
    assert "Content-Length" not in response.headers
    assert "Transfer-Encoding" not in response.headers


def test_headers_and_cookies_go_out(host: Host) -> None:
    """Headers keep their values; several cookies stay several."""
    cookies = ["a=1; Path=/", "b=2; HttpOnly"]
    add = [f"response.headers.add('Set-Cookie', {cookie!r})" for cookie in cookies]
    result = f"[response := func.HttpResponse('', headers={{'X-Retry': 'no'}}), {', '.join(add)}][0]"
    response = host.request("POST", "/api/answer", data=result)
    assert response.headers["X-Retry"] == "no"
    assert response.raw.headers.getlist("Set-Cookie") == cookies


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("None", 'unsupported type "http" for Python type "NoneType"'),
        ("{'a': 1}", 'unsupported type "http" for Python type "dict"'),
        ("b'bytes'", 'unsupported type "http" for Python type "bytes"'),
        ("func.HttpResponse('body', status_code=204)", "status 204 has no body"),
        ("func.HttpResponse('', headers={'X-Name': 'é'})", "is not ASCII"),
    ],
)
def test_what_the_worker_or_kestrel_would_reject_is_500(host: Host, result: str, reason: str) -> None:
    """A result that cannot be sent on Azure fails here too: 500 without a body, and the reason in the output."""
    response = host.request("POST", "/api/answer", data=result.encode())
    assert (response.status_code, response.content) == (500, b"")
    host.wait_for_line(reason)


def test_an_exception_is_500_and_its_traceback_is_shown(host: Host) -> None:
    """The caller learns nothing, the terminal everything."""
    response = host.request("GET", "/api/raises")
    assert (response.status_code, response.content) == (500, b"")
    host.wait_for_line("Exception while executing function raises:")
    host.wait_for_line('raise RuntimeError("the reason why")')


def test_a_coroutine_from_a_plain_handler_is_500_in_words(host: Host) -> None:
    """The worker does not await what a plain def returns."""
    assert host.request("GET", "/api/gives_a_coroutine").status_code == 500
    host.wait_for_line('unsupported type "http" for Python type "coroutine"')


def test_logs_are_shown_from_info_on(host: Host) -> None:
    """With level, logger and message; what a function prints is shown as well."""
    host.request("GET", "/api/logs")
    assert host.wait_for_line("seen clearly") == "INFO app.here: seen clearly"
    host.wait_for_line("printed")
    assert not [line for line in host.lines if "unseen" in line or "/api/logs" in line]
