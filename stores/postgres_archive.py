"""How Postgres's whole content is read at one moment, and written in one transaction. Each has a connection of its own."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from hub.domain.errors import Refused, Unavailable
from hub.domain.model import Record
from hub.ports import IN_USE, Batch, Snapshot, StoredEvent, StoredRecord
from stores import sql
from stores.schema import postgres as schema
from stores.schema.postgres import Connection

BATCH = 500
TIMEOUT = 60.0
"""Seconds for any one statement."""
FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


@asynccontextmanager
async def snapshot(url: str, kinds: Sequence[type[Record]]) -> AsyncIterator[Snapshot]:
    async with _own_connection(url) as connection:
        with _told():
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute("SET LOCAL enable_sort TO off")  # every order here is a key's, and its index answers at once
            head = await connection.fetchval("SELECT cursor FROM log_head")
        yield Snapshot(head, _records(connection, kinds), _events(connection))


async def restore(url: str, kinds: Sequence[type[Record]], batches: AsyncIterator[Batch], head: int) -> None:
    """The log's head is locked first, as by every commit: what is empty then stays empty for all others until the end."""
    async with _own_connection(url) as connection:
        await connection.execute("BEGIN")
        await connection.execute("SELECT cursor FROM log_head FOR UPDATE")
        if await connection.fetchval(sql.in_use(kinds)):
            raise Refused(IN_USE)
        async for batch in batches:
            await _add(connection, batch)
        await connection.execute("UPDATE log_head SET cursor = greatest($1, (SELECT coalesce(max(cursor), 0) FROM log))", head)
        await connection.execute("SELECT pg_notify('trivium_log', cursor::text) FROM log_head")
        await connection.execute("COMMIT")


async def _add(connection: Connection, batch: Batch) -> None:
    by_type: defaultdict[type[Record], list[sql.Values]] = defaultdict(list)
    for tenant, record in batch.records:
        by_type[type(record)].append(schema.row(tenant, record, record.to_json()))
    for type_, rows in by_type.items():
        names, values = schema.inserted(type_, [f"${at}" for at in range(1, len(rows[0]) + 1)])
        await connection.executemany(f"INSERT INTO {type_.kind} ({', '.join(names)}) VALUES ({', '.join(values)})", rows)
    events = [(cursor, *sql.logged(tenant, event)) for cursor, tenant, event in batch.events]
    await connection.executemany("INSERT INTO log VALUES ($1, $2, $3, $4, $5, $6, $7)", events)


async def _records(connection: Connection, kinds: Sequence[type[Record]]) -> AsyncIterator[Sequence[StoredRecord]]:
    with _told():
        for type_ in kinds:
            found = await connection.cursor(f"SELECT '{type_.kind}', tenant, body FROM {type_.kind} ORDER BY tenant, id")
            while rows := await found.fetch(BATCH):
                yield [StoredRecord(*row) for row in rows]


async def _events(connection: Connection) -> AsyncIterator[Sequence[StoredEvent]]:
    with _told():
        found = await connection.cursor("SELECT cursor, tenant, body FROM log ORDER BY cursor")
        while rows := await found.fetch(BATCH):
            yield [StoredEvent(*row) for row in rows]


@asynccontextmanager
async def _own_connection(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """For one transaction. Its end takes back what was not committed, and never hides why, as asyncpg's own transactions may."""
    with _told():
        connection = await asyncpg.connect(url, timeout=10, command_timeout=TIMEOUT)
    try:
        yield connection
    finally:
        connection.terminate()


@contextmanager
def _told() -> Iterator[None]:
    """Not around what others do with what is read: their OSError is another matter."""
    try:
        yield
    except FAILED as error:
        raise Unavailable(f"The database failed: {str(error) or type(error).__name__}. See that its server runs, and try again.") from error
