"""The hub that all clients are tried against."""

from collections.abc import Iterator

import pytest

from tests.a2a.hubs import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """It is shared, so a test looks at nothing but tasks of its own."""
    with serving(f"sqlite:{tmp_path_factory.mktemp('hub') / 'hub.db'}") as hub:
        yield hub
