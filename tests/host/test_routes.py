"""Which function a request reaches."""

import json
from pathlib import Path

import pytest

from dev.host.errors import AppError
from dev.host.routes import parse
from tests.support.host import HEAD, Host, serving


def test_a_route_is_the_functions_name_unless_given(host: Host) -> None:
    """Without a route the function's name is the route, also the name given by function_name."""
    assert host.request("GET", "/api/echo").status_code == 200
    assert host.request("GET", "/api/greeting").text == "Hello from beside"
    assert host.request("GET", "/api/from_a_blueprint").status_code == 404


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
    """An unknown path, a parameter that its constraint rejects, a method not listed, HEAD on a GET function."""
    response = host.request(method, path)
    assert (response.status_code, response.content) == (404, b"")


def test_the_first_function_by_name_takes_a_path(host: Host) -> None:
    """The Functions host has no precedence of routes, it tries them in the order of the functions' names."""
    assert host.request("GET", "/api/things/same/1").text == "alpha"


@pytest.mark.parametrize(("prefix", "path"), [("v2/phone", "/v2/phone/greeting"), ("", "/greeting")])
def test_host_json_sets_the_prefix(tmp_path: Path, prefix: str, path: str) -> None:
    """Also to nothing at all."""
    settings = {"version": "2.0", "extensions": {"http": {"routePrefix": prefix}}}
    (tmp_path / "host.json").write_text(json.dumps(settings))
    with serving(tmp_path) as running:
        assert running.request("GET", path).status_code == 200
        assert running.request("GET", "/api/greeting").status_code == 404


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
def test_templates_that_the_host_does_not_support_are_rejected(template: str) -> None:
    """What would be served differently is not served at all."""
    with pytest.raises(AppError):
        parse(template)
