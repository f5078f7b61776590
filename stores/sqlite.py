"""SQLite through aiosqlite: one writer, one reader, one hop to its thread a round."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, cast

import aiosqlite

from hub.domain.errors import Busy, Conflict, Duplicate, HubError, Unavailable
from hub.domain.events import Event
from hub.domain.model import Record
from hub.feed import Bell
from hub.ports import Filter, Find, Finding, Hit, Logged, Page, R, Search, Staged, StoredEvent, StoredRecord, Write
from stores import sql
from stores.group import Group
from stores.schema import SchemaError
from stores.schema import sqlite as schema

T = TypeVar("T")
Durability = Literal["full", "normal"]
Ask = tuple[str, sql.Values]
Step = tuple[str, sql.Values]
PATIENCE = 5.0
"""Seconds that a write waits for another process's."""
POLL = 0.25
"""Seconds between looks at what other processes wrote."""
BATCH = 500


def _weights(type_: type[Record]) -> str:
    return ", ".join(["10.0", *["1.0"] * (len(type_.searchable) - 1)])


DIALECT = sql.Dialect(
    mark=lambda at: f"?{at}",
    matches=lambda type_, mark: f"{type_.kind}_text JOIN {type_.kind} t ON t.row = {type_.kind}_text.rowid WHERE {type_.kind}_text MATCH {mark}",
    score=lambda type_, mark: f"-bm25({type_.kind}_text, {_weights(type_)})",
    words=lambda words: " ".join(f'"{word}"' for word in words),
)


class Statements(NamedTuple):
    get: str
    insert: str
    update: str
    remove: str
    guard: str


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A unit made ready on the event loop, so that the writer's thread only executes. Each step answers a row, or it lost."""

    steps: Sequence[Step]
    events: Sequence[sql.Values]


class SqliteStore:
    """Made by `open`. Several processes may have the same file open."""

    def __init__(self, path: Path, kinds: Sequence[type[Record]], writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._path, self._kinds, self._writer, self._reader = path, kinds, writer, reader
        self._bell = Bell()
        self._commits: Group[Encoded, int] = Group(self._commit)
        self._reads: Group[Ask, list[Any]] = Group(self._read)
        self._poller = asyncio.create_task(self._poll())

    @classmethod
    async def open(cls, path: Path, kinds: Sequence[type[Record]], durability: Durability = "full") -> "SqliteStore":
        """Raises Unavailable with the next step when the file cannot be used."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            writer, reader = [await _connect(path, durability) for _ in range(2)]
            await _hop(writer, lambda raw: schema.migrate(raw, kinds))
        except SchemaError as error:
            raise Unavailable(str(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"Cannot open {path}: {error}. Name a file that you may write with --db sqlite:PATH.") from None
        return cls(path, kinds, writer, reader)

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        rows = await self._reads.ask((_statements(type_).get, (tenant, key)))
        return type_.model_validate_json(rows[0][0]) if rows else None

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        return [body for (body,) in await self._reads.ask(sql.find(tenant, query, DIALECT))]

    async def search(self, tenant: str, query: Search) -> Sequence[Hit]:
        return [Hit(*row) for row in await self._reads.ask(sql.search(tenant, query, DIALECT))]

    async def commit(self, unit: Staged) -> int:
        guards_first = sorted(unit.writes, key=lambda write: not write.guard)
        steps = [_step(unit.tenant, write) for write in guards_first]
        return await self._commits.ask(Encoded(steps, [sql.logged(unit.tenant, event) for event in unit.events]))

    async def close(self) -> None:
        self._poller.cancel()
        with suppress(asyncio.CancelledError):
            await self._poller
        for group in (self._commits, self._reads):
            await group.close()
        await self._writer.close()
        await self._reader.close()

    async def latest(self) -> int:
        return cast(int, (await self._reads.ask(("SELECT cursor FROM log_head", ())))[0][0])

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        head = await self.latest()
        if head <= cursor:
            return Page((), cursor)
        rows = [Logged(*row) for row in await self._reads.ask(sql.after(cursor, head, tenant, filter_, limit, DIALECT.mark))]
        return Page(rows, rows[-1].cursor if len(rows) == limit else head)

    async def beyond(self, cursor: int, patience: float) -> None:
        await self._bell.beyond(cursor, patience)

    async def records(self, kinds: Sequence[type[Record]]) -> AsyncIterator[Sequence[StoredRecord]]:
        for type_ in kinds:
            row = 0
            text = f"SELECT row, tenant, body FROM {type_.kind} WHERE row > ? ORDER BY row LIMIT {BATCH}"
            while rows := await self._reads.ask((text, (row,))):
                row = rows[-1][0]
                yield [StoredRecord(type_.kind, tenant, body) for _, tenant, body in rows]

    async def events(self) -> AsyncIterator[Sequence[StoredEvent]]:
        cursor = 0
        while rows := await self._reads.ask((f"SELECT cursor, tenant, body FROM log WHERE cursor > ? ORDER BY cursor LIMIT {BATCH}", (cursor,))):
            cursor = rows[-1][0]
            yield [StoredEvent(*row) for row in rows]

    async def restore(self, records: Sequence[tuple[str, Record]], events: Sequence[tuple[int, str, Event]]) -> None:
        steps = [(_statements(type(record)).insert, sql.row(tenant, record)) for tenant, record in records]
        rows = [(cursor, *sql.logged(tenant, event)) for cursor, tenant, event in events]
        await _hop(self._writer, lambda raw: _restore(raw, steps, rows))

    async def examine(self) -> Sequence[Finding]:
        drifted = await _hop(self._reader, lambda raw: schema.drift(raw, self._kinds))
        health = await _hop(self._reader, lambda raw: raw.execute("PRAGMA quick_check(1)").fetchone()[0])
        return [
            Finding(not drifted, f"schema of {self._path}" + (f" differs: {', '.join(drifted)}" if drifted else " as declared"),
                    "Export with another copy of this version, and import into a new file." if drifted else ""),
            Finding(health == "ok", f"integrity: {health}", "" if health == "ok" else "Restore the file from a backup."),
        ]  # fmt: skip

    async def _commit(self, units: Sequence[Encoded]) -> Sequence[int | HubError]:
        head, outcomes = await _hop(self._writer, lambda raw: commit(raw, units))
        self._bell.ring(head)
        return outcomes

    async def _read(self, asks: Sequence[Ask]) -> Sequence[list[Any] | HubError]:
        def run(raw: sqlite3.Connection) -> list[list[Any]]:
            answers = {ask: raw.execute(*ask).fetchall() for ask in dict.fromkeys(asks)}
            return [answers[ask] for ask in asks]

        return await _hop(self._reader, run)

    async def _poll(self) -> None:
        """Hear of what other processes wrote."""
        while True:
            await asyncio.sleep(POLL)
            with suppress(HubError):
                self._bell.ring(await self.latest())


def commit(raw: sqlite3.Connection, units: Sequence[Encoded]) -> tuple[int, list[int | HubError]]:
    """One transaction for all. A unit that fails is taken back alone, and its events are never numbered."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        raise Busy("Another process has been writing for seconds. Nothing was done; call again.") from None
    try:
        (head,) = raw.execute("SELECT cursor FROM log_head").fetchone()
        outcomes: list[int | HubError] = []
        rows: list[tuple[str | int | None, ...]] = []
        for unit in units:
            failure = _apply(raw, unit.steps)
            if failure is None:
                rows += [(head + at, *event) for at, event in enumerate(unit.events, 1)]
                head += len(unit.events)
            outcomes.append(failure or head)
        if rows:
            raw.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            raw.execute("UPDATE log_head SET cursor = ?", (head,))
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    return head, outcomes


def _apply(raw: sqlite3.Connection, steps: Sequence[Step]) -> HubError | None:
    """A failed statement undoes itself, and guards come first: a savepoint is needed only where several steps write."""
    several = len(steps) > 1 and not steps[-2][0].startswith("SELECT")
    if several:
        raw.execute("SAVEPOINT unit")
    failure: HubError | None = None
    try:
        for text, values in steps:
            if not raw.execute(text, values).fetchall():
                failure = Conflict("The record was changed meanwhile. Read it again and repeat the change.")
                break
    except sqlite3.IntegrityError:
        failure = Duplicate("There is one like it already.")
    if several:
        raw.execute("ROLLBACK TO unit" if failure else "RELEASE unit")
    return failure


def _step(tenant: str, write: Write) -> Step:
    statements, key = _statements(write.type), (tenant, write.key, write.expected)
    if write.guard:
        return statements.guard, key
    if write.record is None:
        return statements.remove, key
    row = sql.row(tenant, write.record)
    return (statements.update, (*row[2:], *key)) if write.expected else (statements.insert, row)


@lru_cache(64)
def _statements(type_: type[Record]) -> Statements:
    kind, names, where = type_.kind, sql.names(type_), "WHERE tenant = ? AND id = ? AND version = ?"
    return Statements(
        get=f"SELECT body FROM {kind} WHERE tenant = ? AND id = ?",
        insert=f"INSERT INTO {kind} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) ON CONFLICT (tenant, id) DO NOTHING RETURNING 1",
        update=f"UPDATE {kind} SET {', '.join(f'{name} = ?' for name in names[2:])} {where} RETURNING 1",
        remove=f"DELETE FROM {kind} {where} RETURNING 1",
        guard=f"SELECT 1 FROM {kind} {where}",
    )


def _restore(raw: sqlite3.Connection, steps: Sequence[Step], rows: Sequence[tuple[Any, ...]]) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        for text, values in steps:
            raw.execute(text, values).fetchall()
        raw.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        raw.execute("UPDATE log_head SET cursor = max(cursor, (SELECT coalesce(max(cursor), 0) FROM log))")
        raw.execute("COMMIT")
    except BaseException:
        raw.execute("ROLLBACK")
        raise


async def _connect(path: Path, durability: Durability) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, cached_statements=512)
    synchronous = {"full": "FULL", "normal": "NORMAL"}[durability]
    for pragma in (f"busy_timeout={int(PATIENCE * 1000)}", "journal_mode=WAL", f"synchronous={synchronous}", "temp_store=MEMORY"):
        await connection.execute(f"PRAGMA {pragma}")
    return connection


async def _hop(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """The one private call: run `work` on aiosqlite's thread (0.22, pinned; see test_sqlite_hop)."""
    return cast(T, await connection._execute(work, connection._conn))  # type: ignore[no-untyped-call]
