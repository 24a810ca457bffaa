"""The real parts that the tests use: Azurite, the fake Twilio, and the app on the small host, each over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from shared.http_session import http_session
from shared.settings import settings
from shared.storage.table_client import table_client
from shared.twilio.client import twilio_client
from tests.support.app import SETTINGS, App, Run, StartApp, app_starter
from tests.support.lossy_storage import LossyStorage, lossy_storage
from tests.support.phones_page import WINDOW, watched_page

# A shell's background jobs ignore Ctrl-C, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The machine may be busy with other tests.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")


@pytest.fixture
def usual_ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The ports that nobody has to name, for one test at a time: tests run in several processes."""
    if sys.platform == "win32":
        pytest.skip("there is no flock")
    else:
        import fcntl

        with (tmp_path_factory.getbasetemp().parent / "usual-ports").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@pytest.fixture(scope="session")
def fake_twilio_session() -> Iterator[FakeTwilio]:
    """One fake Twilio for the whole run."""
    with FakeTwilio.running(pace=0) as fake:
        yield fake


@pytest.fixture
def fake_twilio(fake_twilio_session: FakeTwilio) -> Iterator[FakeTwilio]:
    """The fake Twilio with nothing in it; when the test ends it must have no complaint about us."""
    fake_twilio_session.reset()
    yield fake_twilio_session
    fake_twilio_session.wait_until_quiet()
    assert list(fake_twilio_session.faults) == []


@pytest.fixture(scope="session")
def tables() -> Iterator[str]:
    """The connection string of a real Azurite."""
    port = free_port()
    with azurite(port):
        yield connection_string(port)


@pytest.fixture
def lossy(start_app: StartApp, tables: str) -> Iterator[tuple[App, LossyStorage]]:
    """An app and its storage, whose answers can get lost; at the end all that were to be lost have been."""
    with lossy_storage(tables) as storage:
        yield start_app(TABLES_CONNECTION_STRING=storage.connection_string), storage
        assert storage.orders == []


@pytest.fixture
def example_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """The example's settings in this process; the function that is given changes some of them."""

    def change(**changed: str) -> None:
        for name, value in {**SETTINGS, **changed}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    change()
    yield change
    settings.cache_clear()


@pytest.fixture
def run_here(tables: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs some of the app's own code in this process, on the tables of `app`."""
    for name, value in {**SETTINGS, "TABLES_CONNECTION_STRING": tables}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()

    async def to_its_end(story: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await story
        finally:
            await http_session().close()
            for cached in (http_session, table_client, twilio_client, settings):
                cached.cache_clear()

    return lambda story: asyncio.run(to_its_end(story))


@pytest.fixture(scope="session")
def app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[App]:
    """The app with the usual settings."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start()


@pytest.fixture(scope="module")
def start_app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[StartApp]:
    """A function that starts one more app, with settings that differ from the usual ones."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium that DEV_CHROMIUM names, for one module: Playwright runs an event loop in the test's thread."""
    path = os.environ.get("DEV_CHROMIUM")
    if not path:
        reason = "DEV_CHROMIUM names no Chromium: the phones page is not tested"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # The microphone beeps; a page still needs the permission to use it.
        args = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """One tab for the tests of a module."""
    context = browser.new_context(**WINDOW)
    context.set_default_timeout(5000)
    return context.new_page()


@pytest.fixture
def page(tab: Page, fake: FakeTwilio) -> Iterator[Page]:
    """The phones page of the module's fake Twilio."""
    with watched_page(tab, fake.url) as page:
        yield page
