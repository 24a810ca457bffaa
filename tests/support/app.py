"""The function app in tests: start it on its host, send requests with Twilio's signature, check its answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from twilio.request_validator import RequestValidator

from dev.processes import free_port
from tests.support.host_process import host_process

ROOT = Path(__file__).resolve().parents[2]
# Each function is a folder with this name.
FUNCTIONS = sorted(
    {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "dev", "fake_twilio", "shared", "tests"}
)
SETTINGS: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]

Form = dict[str, str] | list[tuple[str, str]]


@dataclass
class App:
    """The function app on its host.

    url         its base URL
    settings    its settings
    output      the file with what it has logged so far
    mark        how many lines there were before the last request
    """

    url: str
    settings: dict[str, str]
    output: Path
    mark: int = 0

    @property
    def lines(self) -> list[str]:
        """The lines that it has logged so far."""
        return self.output.read_text("utf-8").splitlines()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to a route."""
        self.mark = len(self.lines)
        return requests.request(method, f"{self.url}/api/{path}", timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Send a GET, like a user of the app."""
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Post JSON, like a user of the app."""
        return self.request("POST", path, json=body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Put JSON, like a user of the app."""
        return self.request("PUT", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        """Send a DELETE, like a user of the app."""
        return self.request("DELETE", path, **options)

    def signed_get(self, path: str) -> requests.Response:
        """Send a GET with Twilio's signature."""
        return self.request("GET", path, headers=self.signature(path, {}))

    def signed_post(self, path: str, form: Form, token: str | None = None, **options: Any) -> requests.Response:
        """Post a form with Twilio's signature."""
        headers = {**self.signature(path, form, token), **options.pop("headers", {})}
        return self.request("POST", path, data=form, headers=headers, **options)

    def signature(self, path: str, form: Form, token: str | None = None) -> dict[str, str]:
        """Return the header with Twilio's signature, by Twilio's own library."""
        url = f"{self.settings['PUBLIC_BASE_URL']}/api/{path}"
        return {"X-Twilio-Signature": sign(url, form, token or self.settings["TWILIO_AUTH_TOKEN"])}

    def wait_for_line(self, containing: str, seconds: float = 5) -> str:
        """Return the newest line with these words that the app has logged since the last request."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.lines[self.mark :]
            for line in reversed(lines):
                if containing in line:
                    return line
            assert time.monotonic() < deadline, f"no line with {containing!r} in {lines}"
            time.sleep(0.02)

    def log(self) -> str:
        """Return all lines that the app has logged."""
        return "\n".join(self.lines)

    def wait_for_activity(self, sid: str, status: str, seconds: float = 10) -> dict[str, Any]:
        """Wait until the status of `sid` is `status`; return its details from the activity log."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.get(f"activity/{sid}")
            found: dict[str, Any] = answer.json()
            if answer.ok and found["status"] == status:
                return found
            assert time.monotonic() < deadline, f"{sid} is not {status}: {found}"
            time.sleep(0.02)


class Fields(dict[str, list[str]]):
    """A form with repeated fields, in the form that Twilio's validator accepts."""

    def getlist(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]


def sign(url: str, form: Form, token: str) -> str:
    """Return Twilio's signature of a request."""
    fields = Fields()
    for name, value in form.items() if isinstance(form, dict) else form:
        fields.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, fields))


StartApp = Callable[..., App]
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@contextmanager
def app_starter(twilio_url: str, tables: str, fresh: bool = False) -> Iterator[StartApp]:
    """Yield a function that starts an app with other settings than the usual ones; all apps end with the block.

    `{port}` in a setting becomes the port of the app. A fresh app imports everything with its settings in place.
    """
    with TemporaryDirectory() as folder, ExitStack() as stack:

        def start(key: str = "", **settings: str) -> App:
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            usual = {"PUBLIC_BASE_URL": url, "TWILIO_API_BASE_URL": twilio_url, "TABLES_CONNECTION_STRING": tables}
            settings = {name: value.replace("{port}", str(port)) for name, value in settings.items()}
            output = Path(folder, f"{port}.log")
            output.touch()
            app = App(url, {**SETTINGS, **usual, **settings}, output)
            arguments = ["--port", str(port), *(["--key", key] if key else [])]
            clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
            # Not /api/health, which waits for storage.
            ready = f"{url}/api/twiml_hello"
            stack.enter_context(host_process(arguments, {**clean, **app.settings}, output, ready, fresh))
            return app

        yield start


def assert_problem(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is an RFC 9457 problem with this status and code; return it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    return problem


def errors_of(answer: requests.Response) -> dict[str, str]:
    """Return the errors of a 400, by field."""
    problem = assert_problem(answer, 400, "invalid_request")
    return {error["field"]: error["detail"] for error in problem["errors"]}
