"""Files and terminals are tried on both loops that a hub may run on, and the long stories on the one that it does run on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

STORIES = ("test_sessions", "test_web_chat")


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name.startswith(STORIES):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
