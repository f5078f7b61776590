"""A hub whose clock the test turns."""

import pytest

from hub.app import Hub
from hub.ports import HubStore
from tests.core.support import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(store: HubStore, clock: Clock) -> Hub:
    return Hub(store, clock)
