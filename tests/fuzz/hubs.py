"""A hub of its own for each case, watched from behind: its sessions, its tasks, its log."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any, TypeVar
from unittest import mock

import anyio
from aiohttp.test_utils import TestServer
from aiohttp.web_app import _cached_build_middleware

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.model import instant, utc_now
from hub.domain.tasks import Task
from hub.operations.base import Call
from hub.unit import UnitOfWork
from protocols import bodies
from protocols.http import application
from protocols.mcp import handshake
from protocols.mcp.sessions import Sessions
from stores import vault
from stores.memory import MemoryStore
from tests.fuzz.values import AGENT, NOTE, TASK
from tests.protocols.conftest import SETTINGS

T = TypeVar("T")
LOOP = asyncio.new_event_loop()
CASES = count()
LATE = 3.0
"""Seconds within which what a client left behind is over."""


class Served:
    def __init__(self, hub: Hub, port: int) -> None:
        self.hub, self.port = hub, port
        self.sessions = Sessions()


def run(work: Coroutine[Any, Any, T]) -> T:
    """On one loop for all cases; whatever it leaves behind fails the case."""
    with _no_error_logged():
        before = asyncio.all_tasks(LOOP)
        answer = LOOP.run_until_complete(work)
        LOOP.run_until_complete(over(before))
        _cached_build_middleware.cache_clear()  # aiohttp's, which keeps the last 1,024 applications
        gc.collect()  # a task whose exception nobody took says so when it goes
        if next(CASES) % 20 == 0:
            gc.freeze()  # what has lasted until now is not looked at again
        LOOP.run_until_complete(asyncio.sleep(0))
    return answer


async def over(before: set[asyncio.Task[Any]]) -> None:
    """Until there are no other tasks than those."""
    with anyio.move_on_after(LATE):
        while left := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(left)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"still running: {[task.get_coro() for task in left]}"


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """It connects to no other MCP server, whatever is registered."""
    hub = Hub(MemoryStore(), vault=vault.ephemeral(), reach="none")
    await _furnish(hub)
    server = TestServer(application(hub, SETTINGS))
    await server.start_server(shutdown_timeout=0.2, auto_decompress=False)
    assert server.port
    served = Served(hub, server.port)
    with mock.patch.object(handshake, "Sessions", return_value=served.sessions), mock.patch.object(bodies, "SLOWEST", 0.2):
        try:
            yield served
        finally:
            await server.close()


async def _furnish(hub: Hub) -> None:
    """With ids that are the same in each run."""
    await hub.call("get_health", {}, LOCAL)
    call = Call(UnitOfWork(hub.store, LOCAL.tenant, instant(utc_now())), LOCAL)
    call.create(Task(id=TASK, title="a task", objective="an objective", workspace_id="default"))
    call.create(Agent(id=AGENT, name="an agent", role="CRAFTER", workspace_id="default"))
    await hub.store.commit(call.unit)
    await hub.call("create_note", {"noteId": NOTE, "title": "a note", "content": "words"}, LOCAL)


@contextmanager
def _no_error_logged() -> Iterator[None]:
    handler = Kept(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
    assert not handler.lines, "\n".join(handler.lines)


class Kept(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
