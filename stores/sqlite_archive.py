"""How SQLite's whole content is read at one moment, and written in one transaction. Each has a connection of its own."""

import sqlite3
from collections.abc import AsyncIterator, Sequence

import aiosqlite

from hub.domain.errors import Duplicate, Refused
from hub.domain.model import Record
from hub.ports import IN_USE, Batch, Snapshot, StoredEvent, StoredRecord
from stores import sql, sqlite_writer

BATCH = 500


async def snapshot(connection: aiosqlite.Connection, kinds: Sequence[type[Record]]) -> Snapshot:
    """The first read of the transaction fixes the moment: in WAL mode whoever writes later does not disturb it."""
    await connection.execute("BEGIN")
    async with connection.execute("SELECT cursor FROM log_head") as found:
        ((head,),) = await found.fetchall()
    return Snapshot(head, _records(connection, kinds), _events(connection))


def begin(raw: sqlite3.Connection, kinds: Sequence[type[Record]]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    if raw.execute(sql.in_use(kinds)).fetchone()[0]:
        raise Refused(IN_USE)


def add(batch: Batch, raw: sqlite3.Connection) -> None:
    for tenant, record in batch.records:
        made = sqlite_writer.statements(type(record))
        new = raw.execute(made.insert, sql.row(tenant, record, record.to_json())).fetchall()
        if not new:
            raise Duplicate(f"There are two of {record.kind} {record.key!r}.")
        if made.full_text:
            raw.execute(made.full_text.add, (*new[0], *map(record.column, type(record).searchable)))
    rows = [(cursor, *sql.logged(tenant, event)) for cursor, tenant, event in batch.events]
    raw.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def end(head: int, raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE log_head SET cursor = max(?, (SELECT coalesce(max(cursor), 0) FROM log))", (head,))
    raw.execute("COMMIT")


async def _records(connection: aiosqlite.Connection, kinds: Sequence[type[Record]]) -> AsyncIterator[Sequence[StoredRecord]]:
    for type_ in kinds:
        found = await connection.execute(f"SELECT '{type_.kind}', tenant, body FROM {type_.kind} ORDER BY row")
        while rows := await found.fetchmany(BATCH):
            yield [StoredRecord(*row) for row in rows]


async def _events(connection: aiosqlite.Connection) -> AsyncIterator[Sequence[StoredEvent]]:
    found = await connection.execute("SELECT cursor, tenant, body FROM log ORDER BY cursor")
    while rows := await found.fetchmany(BATCH):
        yield [StoredEvent(*row) for row in rows]
