"""The app as a whole: its routes, who may call them, its imports at start, and what it writes to its log."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import requests

from fake_twilio.testing import FakeTwilio
from shared.settings import ROUTE_PREFIX
from tests.support.app import FUNCTIONS, ROOT, SETTINGS, App, StartApp
from tests.support.documents import rows, section, text_of

# Every route, and who may call it: the app's users with a key, Twilio with its signature, or the public.
SURFACE = {
    "access_token": ("access_token", {"POST"}, "key"),
    "activity": ("activity/{sid?}", {"GET"}, "key"),
    "answer_call": ("answer_call", {"GET", "POST"}, "signature"),
    "caller_ids": ("caller_ids/{sid?}", {"GET", "POST", "DELETE"}, "key"),
    "client_call": ("client_call", {"POST"}, "signature"),
    "console": ("console/{file?}", {"GET"}, "public"),
    "fallback": ("fallback", {"GET", "POST"}, "signature"),
    "health": ("health", {"GET"}, "public"),
    "make_call": ("make_call", {"POST"}, "key"),
    "openapi": ("openapi.json", {"GET"}, "public"),
    "receive_sms": ("receive_sms", {"GET", "POST"}, "signature"),
    "scripts": ("scripts/{name?}", {"GET", "PUT", "DELETE"}, "key"),
    "send_sms": ("send_sms", {"POST"}, "key"),
    "softphone": ("softphone/{file?}", {"GET"}, "public"),
    "status_callback": ("status_callback", {"POST"}, "signature"),
    "twiml": ("twiml/{name}", {"GET", "POST"}, "signature"),
    "twiml_hello": ("twiml_hello", {"GET", "POST"}, "signature"),
    "twimlet": ("twimlet/{name}", {"GET", "POST"}, "signature"),
    "update_call": ("update_call/{sid}", {"POST"}, "key"),
    "update_sms": ("update_sms/{sid}", {"POST"}, "key"),
}
ORDER = ["GET", "POST", "PUT", "DELETE"]
WEBHOOKS = [name for name, (_, _, who) in SURFACE.items() if who == "signature"]


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """Return each function's trigger and module, from a process of its own: an app can list its functions only once."""
    script = (
        "import json, function_app; "
        "print(json.dumps({f.get_function_name(): [f.get_trigger().get_dict_repr(), f.get_user_function().__module__]"
        " for f in function_app.app.get_functions()}, default=str))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_the_routes_their_methods_and_who_may_call_them_are_these(declared: dict[str, Any]) -> None:
    """A new route must be added here, with who may call it."""
    level = {"key": "FUNCTION", "signature": "ANONYMOUS", "public": "ANONYMOUS"}

    assert {
        name: (trigger["route"], set(trigger["methods"]), str(trigger["authLevel"]).rpartition(".")[2])
        for name, (trigger, _) in declared.items()
    } == {name: (route, methods, level[who]) for name, (route, methods, who) in SURFACE.items()}


def test_the_routes_in_the_documents_are_these() -> None:
    """With their methods, and who may call them."""
    table = rows(section(text_of("docs/routes.md"), "Routes"))
    documented = {(*row[0].strip("`").rsplit(" /api/", 1), row[1]) for row in table}

    assert documented == {
        (", ".join(sorted(methods, key=ORDER.index)), route, who) for route, methods, who in SURFACE.values()
    }


def test_the_routes_in_the_openapi_document_are_these(app: App) -> None:
    """With their methods, and who may call them. A route with an optional parameter has two paths."""
    document = app.get("openapi.json").json()
    security = {"key": {"functionKey", "functionKeyInQuery"}, "signature": {"twilioSignature"}, "public": set()}

    described = {
        (path, method.upper(), frozenset(name for scheme in operation["security"] for name in scheme))
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    for route, methods, who in SURFACE.values():
        paths = {f"/{route.replace('?', '')}", f"/{route.partition('/{')[0]}" if "?" in route else f"/{route}"}
        of_route = {one for one in described if one[0] in paths}
        assert {path for path, _, _ in of_route} == paths
        assert {method for _, method, _ in of_route} == methods
        assert {who for _, _, who in of_route} == {frozenset(security[who])}
        described -= of_route
    assert described == set()


def test_function_folder_handler_and_test_have_one_name(declared: dict[str, Any]) -> None:
    """So each is easy to find."""
    assert sorted(declared) == FUNCTIONS == sorted(SURFACE)
    for name, (_, module) in declared.items():
        assert module == name
        assert (ROOT / "tests" / "app" / f"test_{name}.py").exists()


def test_the_route_prefix_in_the_code_is_the_one_in_host_json() -> None:
    """The app's URLs must be those that the host serves."""
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["http"]["routePrefix"] == ROUTE_PREFIX.removeprefix("/")
    assert "extensionBundle" not in host


def test_libraries_that_are_slow_to_import_are_not_imported_at_start() -> None:
    """A caller waits during a cold start."""
    script = "import sys, function_app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    slow = {"shared.contract.document", "twilio.rest", "aiohttp", "azure.data.tables", "azure.identity", "phonenumbers"}

    assert slow & set(done.stdout.split()) == set()


def address_of(app: App, name: str) -> str:
    """Return a URL of a function."""
    route = SURFACE[name][0].replace("{name?}", "").replace("{sid?}", "").replace("{name}", "menu")
    return f"{app.url}/api/{route}".rstrip("/")


@pytest.mark.parametrize("name", WEBHOOKS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "x"},
        {"x-functions-key": "key", "Authorization": "Basic YTpi"},
    ],
)
def test_no_webhook_answers_an_unsigned_request(app: App, name: str, headers: dict[str, str]) -> None:
    """A key does not replace the signature."""
    for method in SURFACE[name][1]:
        for body in (b"", b"CallSid=CA1", b"{}", b"\xff"):
            answer = requests.request(method, address_of(app, name), headers=headers, data=body, timeout=30)
            assert (answer.status_code, answer.content) == (403, b"")


@pytest.fixture(scope="module")
def locked(start_app: StartApp) -> App:
    """Start an app that requires function keys, like Azure."""
    return start_app(key="the-key")


@pytest.mark.parametrize("name", [name for name, (_, _, who) in SURFACE.items() if who == "key"])
def test_no_route_for_the_apps_users_answers_without_a_key(locked: App, name: str) -> None:
    """An empty 401; with the key it is another answer."""
    url = address_of(locked, name)
    for method in SURFACE[name][1]:
        for headers in ({}, {"x-functions-key": "wrong"}):
            answer = requests.request(method, url, headers=headers, timeout=30)
            assert (answer.status_code, answer.content) == (401, b"")
        for options in ({"headers": {"x-functions-key": "the-key"}}, {"params": {"code": "the-key"}}):
            answer = requests.request(method, url, timeout=30, **options)  # type: ignore[arg-type]
            assert answer.status_code in (200, 400)


@pytest.mark.parametrize("name", SURFACE)
def test_any_other_method_is_a_404(app: App, name: str) -> None:
    """Like on Azure."""
    assert requests.patch(address_of(app, name), timeout=30).status_code == 404


def test_nothing_private_is_logged(app: App, fake_twilio: FakeTwilio) -> None:
    """No secret, no text and no number, whether a request succeeds or fails."""
    to, words = "+15558675309", "the words of the text"
    app.post("send_sms", {"to": to, "body": words})
    app.post("send_sms", {"to": "+15005550004", "body": words})
    app.post("make_call", {"to": to, "say": words})
    app.post("make_call", {"to": "nonsense", "say": words, "foo": to})
    fake_twilio.inject("drop")
    app.post("send_sms", {"to": to, "body": words})
    app.signed_post("status_callback", {"From": to, "Body": words})
    app.signed_post("status_callback", {"CallSid": "CA1", "From": to, "CallStatus": words})
    app.post("status_callback?From=" + to, data={"From": to, "Body": words})
    app.wait_for_line("status_callback refused")
    fake_twilio.phone(to).wait_for_call().decline()
    fake_twilio.wait_until_quiet()

    secrets = [value for name, value in SETTINGS.items() if name.endswith(("TOKEN", "SECRET"))]
    for private in (to, to[1:], "8675309", words, "+15005550004", *secrets):
        assert private not in app.log()
    fake_twilio.reset()
