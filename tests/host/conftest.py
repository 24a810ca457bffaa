"""A host that serves the usual test app."""

from collections.abc import Iterator

import pytest

from tests.support.host import Host, serving


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Yield a host that serves APP, open as locally."""
    with serving(tmp_path_factory.mktemp("app")) as running:
        yield running
