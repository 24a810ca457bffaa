"""Apps with other settings than the usual ones, which several modules use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.data.tables import TableServiceClient

from dev.azurite import azurite, connection_string
from dev.processes import free_port
from fake_twilio.testing import FakeTwilio
from tests.support.app import App, app_starter


@pytest.fixture(scope="session")
def american_app(fake_twilio_session: FakeTwilio, tables: str) -> Iterator[App]:
    """Return an app that calls and texts numbers of the United States only."""
    with app_starter(fake_twilio_session.url, tables) as start:
        yield start(ALLOWED_COUNTRIES="US")


@pytest.fixture(scope="session")
def app_without_storage(fake_twilio_session: FakeTwilio) -> Iterator[App]:
    """Return an app whose storage refuses connections."""
    with app_starter(fake_twilio_session.url, connection_string(free_port())) as start:
        yield start()


@pytest.fixture(scope="session")
def app_with_own_storage(fake_twilio_session: FakeTwilio) -> Iterator[App]:
    """Return an app that shares its storage with no other."""
    port = free_port()
    with azurite(port), app_starter(fake_twilio_session.url, connection_string(port)) as start:
        yield start()


@pytest.fixture
def empty_app(app_with_own_storage: App) -> App:
    """Return an app whose storage is empty: there are no tables either."""
    with TableServiceClient.from_connection_string(
        app_with_own_storage.settings["TABLES_CONNECTION_STRING"]
    ) as service:
        for table in service.list_tables():
            service.delete_table(table.name)
    return app_with_own_storage
