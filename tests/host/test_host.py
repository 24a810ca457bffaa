"""The small host, run as people run it: a process that serves small function apps over real HTTP."""

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from dev.host.errors import AppError
from dev.host.routes import parse
from dev.processes import Service, ServiceError

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PUBLIC_BASE_URL": ""}

APP = """
import asyncio, functools, json, logging, threading
import azure.functions as func
from beside import GREETING

app = func.FunctionApp()
bp = func.Blueprint()
pair = threading.Barrier(2)
arrived = {"waiting": 0}


def describe(req):
    seen = {"method": req.method, "url": req.url, "headers": dict(req.headers), "params": dict(req.params),
            "route_params": dict(req.route_params), "body": req.get_body().decode("latin-1"),
            "form": {name: req.form.getlist(name) for name in req.form}}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route()
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def public_echo(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route("Items/{id:int}/{part?}", methods=["GET", "POST"])
def items(req: func.HttpRequest) -> func.HttpResponse:
    return describe(req)


@app.route("files/{*rest}", methods=["GET"])
def files(req: func.HttpRequest):
    return describe(req)


@app.route("things/same/{id}", methods=["GET"])
def zeta(req: func.HttpRequest) -> str:
    return "zeta"


@app.route("{kind}/same/{id}", methods=["GET"])
def alpha(req: func.HttpRequest) -> str:
    return "alpha"


@bp.function_name("greeting")
@bp.route(auth_level=func.AuthLevel.ANONYMOUS)
def from_a_blueprint(req: func.HttpRequest) -> str:
    return GREETING


@app.route(auth_level=func.AuthLevel.ADMIN)
def for_admins(req: func.HttpRequest) -> str:
    return "ok"


@app.route()
def meet_in_threads(req: func.HttpRequest) -> str:
    pair.wait(5)
    return threading.current_thread().name


@app.route()
async def meet_on_the_loop(req: func.HttpRequest) -> str:
    arrived["waiting"] += 1
    while arrived["waiting"] < 2:
        await asyncio.sleep(0.01)
    return threading.current_thread().name


@app.route()
async def answer(req: func.HttpRequest) -> func.HttpResponse:
    return eval(req.get_body().decode())


@app.route()
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("the reason why")


async def coroutine():
    return "never"


@app.route()
def gives_a_coroutine(req: func.HttpRequest) -> func.HttpResponse:
    return coroutine()


@app.route()
def sleeps(req: func.HttpRequest) -> str:
    logging.getLogger("app.sleeps").info("asleep")
    threading.Event().wait(60)
    return ""


@app.route()
async def logs(req: func.HttpRequest) -> str:
    logging.getLogger("app.here").info("seen %s", "clearly")
    logging.getLogger("app.here").debug("unseen")
    print("printed")
    return ""


@app.route()
async def logs_errors(req: func.HttpRequest) -> str:
    await asyncio.gather(*(asyncio.to_thread(logging.error, "bad\\n%s", name) for name in ("ä", "100%")))
    logging.warning("not so bad")
    return "sorry"


@app.route()
def logs_an_error(req: func.HttpRequest) -> str:
    logging.getLogger("app.here").error("from %s", req.params["who"])
    pair.wait(5)
    return "sorry"


@app.route()
def logs_much(req: func.HttpRequest) -> str:
    for _ in range(12):
        logging.error("%s", "x" * 400)
    return "sorry"


@app.route()
def logs_wrongly(req: func.HttpRequest) -> str:
    logging.error("%d calls", "x")
    logging.error("half %s", chr(0xD83D))
    return "well"


@app.timer_trigger(schedule="0 0 3 * * *", arg_name="timer")
def nightly(timer: func.TimerRequest) -> None:
    pass


app.register_functions(bp)
"""


class Host:
    """A running host: where it listens and what it has written so far."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.lines: list[str] = []
        self.service = Service(
            "app",
            [sys.executable, "-m", "dev.host", "--port", "0", *arguments],
            env={**ENVIRONMENT, **settings},
            ready=lambda: any(line.startswith("listening on ") for line in self.lines),
            sink=lambda _, line: self.lines.append(line),
            cwd=folder,
        )

    @property
    def url(self) -> str:
        return next(line for line in self.lines if line.startswith("listening on ")).removeprefix("listening on ")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=10, **options)

    def raw(self, text: bytes) -> bytes:
        """Send bytes as they are and return all that comes back; the request must ask for `Connection: close`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def wait_for_line(self, text: str) -> str:
        deadline = time.monotonic() + 5
        while not (found := [line for line in self.lines if text in line]):
            assert time.monotonic() < deadline, f"no line with {text!r} in {self.lines}"
            time.sleep(0.01)
        return found[0]


@contextlib.contextmanager
def serving(
    folder: Path, *arguments: str, app: str = APP, module: str = "function_app.py", **settings: str
) -> Iterator[Host]:
    """Write an app into a folder and yield a host that serves it."""
    (folder / module).write_text(app, "utf-8")
    (folder / "beside.py").write_text("GREETING = 'Hello from beside'", "utf-8")
    host = Host(folder, *arguments, **settings)
    with host.service:
        yield host


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP, open as locally."""
    with serving(tmp_path_factory.mktemp("app")) as running:
        yield running


def failure(folder: Path, app: str, *arguments: str) -> str:
    """Start an app that cannot be served; return what the host says."""
    (folder / "function_app.py").write_text(app, "utf-8")
    command = [sys.executable, "-m", "dev.host", "--port", "0", *arguments]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1, done
    assert "listening" not in done.stdout
    return done.stderr


def test_a_route_is_the_functions_name_unless_given(host: Host) -> None:
    """Without a route the function's name is the route, also the name given by function_name."""
    assert host.request("GET", "/api/echo").status_code == 200
    assert host.request("GET", "/api/greeting").text == "Hello from beside"
    assert host.request("GET", "/api/from_a_blueprint").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_function_without_methods_answers_all(host: Host, method: str) -> None:
    """Azure's default is every method."""
    assert host.request(method, "/api/echo").json()["method"] == method


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/items/12", {"id": "12"}),
        ("/api/Items/12/", {"id": "12"}),
        ("/API/iTEMS/-7/wheel", {"id": "-7", "part": "wheel"}),
        ("/api/items/3/a%20b%2Fc%C3%A9", {"id": "3", "part": "a b%2Fcé"}),
        ("/api/files", {}),
        ("/api/files/", {}),
        ("/api/files/one", {"rest": "one"}),
        ("/api/files/one/two.txt", {"rest": "one/two.txt"}),
    ],
)
def test_route_parameters_reach_the_function(host: Host, path: str, params: dict[str, str]) -> None:
    """Parameters are decoded, an absent optional one is left out, the letters' case in a path does not matter."""
    assert host.request("GET", path).json()["route_params"] == params


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/echo"),
        ("GET", "/api/none"),
        ("GET", "/api/echo/more"),
        ("GET", "/api//echo"),
        ("GET", "/api/items"),
        ("GET", "/api/items/twelve"),
        ("GET", "/api/items/99999999999"),
        ("GET", "/api/items/1/2/3"),
        ("DELETE", "/api/items/1"),
        ("POST", "/api/files/one"),
        ("HEAD", "/api/files/one"),
        ("GET", "/api/nightly"),
    ],
)
def test_what_no_function_takes_is_404_and_empty(host: Host, method: str, path: str) -> None:
    """An unknown path, a parameter that its constraint refuses, a method not listed, HEAD on a GET function."""
    response = host.request(method, path)
    assert (response.status_code, response.content) == (404, b"")


def test_the_first_function_by_name_takes_a_path(host: Host) -> None:
    """The Functions host has no precedence of routes, it tries them in the order of the functions' names."""
    assert host.request("GET", "/api/things/same/1").text == "alpha"


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
    """Kestrel refuses such a request before a function sees it."""
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
def test_what_the_worker_or_kestrel_would_refuse_is_500(host: Host, result: str, reason: str) -> None:
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


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP, and tells more than Azure does."""
    with serving(tmp_path_factory.mktemp("talkative"), "--name-errors") as running:
        yield running


def logged_errors(response: requests.Response) -> list[str]:
    """Return the errors that the answer names."""
    return [unquote(error) for error in response.raw.headers.getlist("X-Logged-Errors")]


def test_the_errors_that_a_function_has_logged_are_named_when_told_so(talkative: Host, host: Host) -> None:
    """Whoever called may not see the terminal; an answer on Azure holds nothing of it."""
    assert sorted(logged_errors(talkative.request("GET", "/api/logs_errors"))) == ["bad\n100%", "bad\nä"]
    assert logged_errors(talkative.request("GET", "/api/logs")) == []
    assert logged_errors(host.request("GET", "/api/logs_errors")) == []


def test_each_answer_names_its_own_errors(talkative: Host) -> None:
    """Also of handlers that run in threads at the same time."""
    with ThreadPoolExecutor(2) as callers:
        answers = callers.map(lambda who: talkative.request("GET", f"/api/logs_an_error?who={who}"), ("one", "two"))
    assert [logged_errors(answer) for answer in answers] == [["from one"], ["from two"]]


def test_no_more_is_named_than_a_header_can_hold(talkative: Host) -> None:
    """Ten errors, and the first 300 characters of each."""
    named = logged_errors(talkative.request("GET", "/api/logs_much"))
    assert [len(error) for error in named] == [300] * 10


def test_an_error_that_cannot_be_written_fails_no_function(talkative: Host) -> None:
    """Nor does one that is no Unicode; on Azure neither does."""
    answer = talkative.request("GET", "/api/logs_wrongly")
    assert (answer.status_code, logged_errors(answer)) == (200, ["half ?"])


def test_functions_without_an_http_trigger_are_named(host: Host) -> None:
    """A timer is not run here, and the host says so."""
    assert "not served, as they have no HTTP trigger: nightly" in host.lines


def test_verbose_shows_one_line_for_each_request(tmp_path: Path) -> None:
    """Method, path and status, without the query, which may carry a key."""
    with serving(tmp_path, "--verbose") as running:
        running.request("GET", "/api/greeting?code=secret")
        line = running.wait_for_line("/api/greeting")
    assert line.startswith("INFO host: GET /api/greeting 200 ")


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
    """The key comes in the header or, without one, in the query; a refusal is 401 and empty."""
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
def test_a_name_that_only_leads_to_this_machine_is_refused(host: Host, tunnelled: Host, name: str) -> None:
    """Where no key stands guard, a page whose name leads here (DNS rebinding) must not read the log."""
    for running in (host, tunnelled):
        response = running.request("GET", "/api/echo", headers={"Host": name.format(port=running.port)})
        assert response.status_code == 403
        assert "answers at this machine's own names and at PUBLIC_BASE_URL only" in response.text


@pytest.mark.parametrize("headers", FROM_ANOTHER_SITE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_site_is_refused(host: Host, method: str, headers: dict[str, str]) -> None:
    """Where no key stands guard, a page that the developer visits must not place calls."""
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
    """Whoever knows the key may call from anywhere, and Twilio's webhooks come through tunnels of any name."""
    keyed = {**headers, "x-functions-key": "s3cret+/é".encode()}
    assert locked.request("POST", "/api/echo", headers=keyed).status_code == 200
    assert host.request("POST", "/api/greeting", headers=headers).status_code == 200


@pytest.mark.parametrize(("prefix", "path"), [("v2/phone", "/v2/phone/greeting"), ("", "/greeting")])
def test_host_json_sets_the_prefix(tmp_path: Path, prefix: str, path: str) -> None:
    """Also to nothing at all."""
    settings = {"version": "2.0", "extensions": {"http": {"routePrefix": prefix}}}
    (tmp_path / "host.json").write_text(json.dumps(settings))
    with serving(tmp_path) as running:
        assert running.request("GET", path).status_code == 200
        assert running.request("GET", "/api/greeting").status_code == 404


def test_another_file_can_be_served(tmp_path: Path) -> None:
    """`--app` names it."""
    with serving(tmp_path, "--app", "other.py", module="other.py") as running:
        assert running.request("GET", "/api/greeting").status_code == 200


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """With exit code 0, also while a handler runs in a thread and a connection is open."""
    with serving(tmp_path) as running:
        caller = threading.Thread(target=call_and_be_cut_off, args=(running, "/api/sleeps"))
        caller.start()
        running.wait_for_line("asleep")
        started = time.monotonic()
        os.kill(running.service.pid, number)
        while running.service.running and time.monotonic() < started + 5:
            time.sleep(0.01)
        assert time.monotonic() - started < 2
        assert running.service.exit_code == 0
        caller.join()
    assert not [line for line in running.lines if "Traceback" in line]


def call_and_be_cut_off(host: Host, path: str) -> None:
    """Send a request whose answer may never come."""
    with contextlib.suppress(requests.RequestException):
        host.request("GET", path)


def test_a_port_in_use_is_said(host: Host, tmp_path: Path) -> None:
    """One sentence instead of a traceback."""
    taken = serving(tmp_path, "--port", str(host.port))
    with pytest.raises(ServiceError, match=f"Port {host.port} cannot be opened: ") as caught, taken:
        pass
    assert "Traceback" not in str(caught.value)


def test_help_names_the_options() -> None:
    """`--help` ends well and names each option."""
    done = subprocess.run([sys.executable, "-m", "dev.host", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--port", "--app", "--key", "--verbose"))


HEAD = "import functools, azure.functions as func\napp = func.FunctionApp()\n"


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("import nowhere", "function_app.py cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit(3)", "function_app.py cannot be loaded: SystemExit: 3"),
        ("import azure.functions as func", "function_app.py cannot be loaded: ValueError: "),
        (HEAD + "more = func.FunctionApp()", "function_app.py cannot be loaded: ValueError: "),
        (
            HEAD + "@app.route()\ndef one(req): ...\n@app.route('x')\ndef one(req): ...",
            "Function one does not have a unique function name",
        ),
        (
            HEAD + "@app.route('X/{a}')\ndef one(req): ...\n@app.route('x/{A}')\ndef two(req): ...",
            "Functions one and two have the same route and a method in common",
        ),
        (
            HEAD + "@app.route('x/{a}')\ndef one(req): ...\n@app.route('x/list')\ndef two(req): ...",
            "Function two is never reached at 'api/x/list': one comes first",
        ),
    ],
)
def test_an_app_that_azure_would_not_serve_is_refused(tmp_path: Path, app: str, sentence: str) -> None:
    """Each fault that leaves an app on Azure without functions, or a function without requests, is one sentence."""
    assert sentence in failure(tmp_path, app).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("handler", "named"),
    [
        ("one(request)", "'request'"),
        ("one(req, more)", "'more'"),
        ("one()", "'req'"),
        ("one(req: 'Missing')", "'Missing' is not defined"),
        ("one(req) -> None", "None"),
        ("one(req) -> str | None", "None"),
    ],
)
def test_a_handler_that_does_not_fit_its_bindings_is_not_loaded(tmp_path: Path, handler: str, named: str) -> None:
    """The runtime says which file, and what in it."""
    said = failure(tmp_path, f"{HEAD}@app.route()\ndef {handler}: ...").strip().splitlines()[-1]
    assert said.startswith("function_app.py cannot be loaded: ")
    assert named in said


@pytest.mark.parametrize(
    ("route", "handler", "sentence"),
    [
        ("trigger_arg_name='my_req'", "one(my_req)", "Function one: the parameter name 'my_req' must be a letter"),
        ("", "_one(req)", "Function _one: its name must be a letter"),
        ("", "host(req)", "Function host: its name must be a letter"),
        ("'{a:odd}'", "one(req)", "Function one: the route '{a:odd}' is not understood: the constraint 'odd'"),
        ("'Administrators'", "one(req)", "Function one: the host keeps routes that begin with admin or runtime"),
    ],
)
def test_names_and_routes_that_the_host_rejects_are_reported(
    tmp_path: Path, route: str, handler: str, sentence: str
) -> None:
    """In one sentence that names the function."""
    said = failure(tmp_path, f"{HEAD}@app.route({route})\ndef {handler}: ...")
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize("text", ["{", "[]", '{"extensions": {"http": {"routePrefix": 1}}}'])
def test_an_unreadable_host_json_is_said(tmp_path: Path, text: str) -> None:
    """Not JSON, not an object, not a text."""
    (tmp_path / "host.json").write_text(text)
    said = failure(tmp_path, HEAD)
    assert said.startswith("host.json")
    assert "Traceback" not in said


def test_the_same_route_may_be_split_by_method(tmp_path: Path) -> None:
    """Two functions share a route when they have no method in common."""
    app = (
        HEAD
        + "@app.route('x/{a}', methods=['GET'])\ndef one(req) -> str: return 'one'\n"
        + "@app.route('x/{a}', methods=['POST'])\ndef two(req) -> str: return 'two'\n"
    )
    with serving(tmp_path, app=app) as running:
        assert running.request("GET", "/api/x/1").text == "one"
        assert running.request("POST", "/api/x/1").text == "two"
        assert running.request("PUT", "/api/x/1").status_code == 404


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("a/{id:guid}", "/a/12345678-1234-1234-1234-1234567890ab", {"id": "12345678-1234-1234-1234-1234567890ab"}),
        ("a/{id:guid}", "/a/12345678", None),
        ("a/{word:alpha}", "/a/Abc", {"word": "Abc"}),
        ("a/{word:alpha}", "/a/Abc1", None),
        ("a/{n:int}", "/a/2147483648", None),
        ("a/{n:long}", "/a/2147483648", {"n": "2147483648"}),
        ("a/{b:bool}", "/a/TRUE", {"b": "TRUE"}),
        ("a/{b:bool}", "/a/yes", None),
        (r"a/{sid:regex(^(CA|SM)[0-9a-f]{{4}}$)}", "/a/ca12ef", {"sid": "ca12ef"}),
        (r"a/{sid:regex(^(CA|SM)[0-9a-f]{{4}}$)}", "/a/CA12e", None),
        ("a/{n:int:regex(^1)?}", "/a", {}),
        ("a/{n:int:regex(^1)?}", "/a/12", {"n": "12"}),
        ("a/{n:int:regex(^1)?}", "/a/21", None),
        ("a.b/{x}", "/aXb/1", None),
        ("{x}", "/", None),
        ("{**rest}", "/one/two/", {"rest": "one/two/"}),
    ],
)
def test_templates_match_as_in_asp_net(template: str, path: str, params: dict[str, str] | None) -> None:
    """Constraints hold the values, and only whole paths match."""
    assert parse(template).match(path) == params


@pytest.mark.parametrize(
    "template", ["", "a//b", "a/{b?}/c", "{*a}/b", "{a}/{A}", "x{a}", "{a=1}", "{a:min(1)}", "{a:int(3)}", "{", "{1a}"]
)
def test_templates_beyond_the_host_are_refused(template: str) -> None:
    """What would be served differently is not served at all."""
    with pytest.raises(AppError):
        parse(template)
