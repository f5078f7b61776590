"""The hubs that all clients are tried against."""

from collections.abc import Iterator

import pytest

from tests.clients.hubs import Hubs, two_hubs


@pytest.fixture(scope="session")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    """They are shared, so a test looks at nothing but records of its own."""
    with two_hubs(tmp_path_factory.mktemp("hubs")) as both:
        yield both
