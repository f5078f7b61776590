"""What the tests share: a store of each kind, a real Postgres, a hub."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from hub.app import Hub
from hub.domain import KINDS
from hub.ports import HubStore
from stores.memory import MemoryStore
from stores.postgres import PostgresStore
from stores.sqlite import SqliteStore
from tests import postgres

STORES = ("memory", "sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One server for each worker of the test run."""
    with postgres.server() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres_server: postgres.Server) -> str:
    """An empty database."""
    connection = await asyncpg.connect(postgres_server.url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    finally:
        await connection.close()
    return postgres_server.url


@pytest.fixture(params=STORES)
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The `--db` of an empty store."""
    if store_kind == "memory":
        return "memory:"
    if store_kind == "sqlite":
        return f"sqlite:{tmp_path / 'hub.db'}"
    return str(request.getfixturevalue("postgres_url"))


async def open_database(database: str) -> HubStore:
    if database == "memory:":
        return MemoryStore()
    if database.startswith("sqlite:"):
        return await SqliteStore.open(Path(database.removeprefix("sqlite:")), KINDS)
    return await PostgresStore.open(database, KINDS)


@pytest.fixture
async def store(database: str) -> AsyncIterator[HubStore]:
    opened = await open_database(database)
    yield opened
    await opened.close()


@pytest.fixture
def hub(store: HubStore) -> Hub:
    return Hub(store)
