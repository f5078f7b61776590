"""Hubs behind their HTTP doors, in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from hub.app import Hub
from hub.domain.model import utc_now
from hub.ports import Clock
from hub.settings import Settings
from protocols.http import application
from stores.library import FileLibrary
from stores.memory import MemoryStore
from tests.postgres import Server
from tests.repositories import repositories

Http = TestClient[Request, Application]
NewDatabase = Callable[[str], Awaitable[str]]

SETTINGS = Settings(database="memory:")
LIBRARY = Path(__file__).parents[1] / "library"
"""A specialist, a skill, and one of each that is broken."""


def library() -> FileLibrary:
    return FileLibrary([LIBRARY / "specialists"], [LIBRARY / "skills"])


@asynccontextmanager
async def serving(hub: Hub, settings: Settings = SETTINGS, clock: Clock = utc_now, port: int = 0) -> AsyncIterator[Http]:
    """As `trivium serve` does it, on a free port unless one is named."""
    server = TestServer(application(hub, settings, clock), port=port)
    await server.start_server(shutdown_timeout=2.0, auto_decompress=False)
    async with TestClient(server) as http:
        yield http


@pytest.fixture
def hub() -> Hub:
    """On a memory store: what a door does with an answer is the same on all of them."""
    return Hub(MemoryStore(), library=library(), repositories=repositories())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Makes the `--db` of an empty store of a kind, as many as are wanted."""

    async def make(store_kind: str) -> str:
        name = f"hub_{uuid4().hex}"
        if store_kind == "memory":
            return "memory:"
        if store_kind == "sqlite":
            return f"sqlite:{tmp_path / name}.db"
        server: Server = request.getfixturevalue("postgres_server")
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return f"{server.url.rpartition('/')[0]}/{name}"

    return make
