"""SQLite through aiosqlite: one writer, one reader, one hop to its thread a round."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import aiosqlite

from hub.domain.errors import HubError, Unavailable
from hub.domain.model import Record
from hub.feed import Bell
from hub.ports import Batch, Filter, Find, Finding, Hit, Logged, Look, Page, R, Search, Snapshot, Staged
from stores import sql, sqlite_archive, sqlite_writer
from stores.group import Group
from stores.schema import SchemaError
from stores.schema import sqlite as schema
from stores.tail import Tail

T = TypeVar("T")
Durability = Literal["full", "normal"]
Ask = tuple[str, sql.Values]
PageAsk = tuple[int, str, Filter, int]
PATIENCE = 5.0
"""Seconds that a write waits for another process's."""
POLL = 0.25
"""Seconds between looks at what other processes wrote."""


def _weights(type_: type[Record]) -> str:
    return ", ".join(["10.0", *["1.0"] * (len(type_.searchable) - 1)])


def _matches(texts: str, records: str, mark: str) -> str:
    return f"{texts} JOIN {records} t ON t.row = {texts}.rowid WHERE {texts} MATCH {mark}"


DIALECT = sql.Dialect(
    mark=lambda at: f"?{at}",
    matches=lambda type_, mark: _matches(f"{type_.kind}_text", type_.kind, mark),
    score=lambda type_, mark: f"-bm25({type_.kind}_text, {_weights(type_)})",
    words=lambda words: " ".join(f'"{word}"' for word in words),
)


class SqliteStore:
    """Made by `open`. Several processes may have the same file open."""

    def __init__(
        self, path: Path, kinds: Sequence[type[Record]], writer: aiosqlite.Connection, reader: aiosqlite.Connection, head: int
    ) -> None:
        self._path, self._kinds, self._writer, self._reader = path, kinds, writer, reader
        self._bell, self._tail = Bell(head), Tail(head)
        self._commits: Group[sqlite_writer.Encoded, int] = Group(self._commit)
        self._reads: Group[Ask, list[Any]] = Group(self._read)
        self._pages: Group[PageAsk, Page] = Group(self._read_pages)
        self._poller = asyncio.create_task(self._poll())

    @classmethod
    async def open(cls, path: Path, kinds: Sequence[type[Record]], durability: Durability = "full") -> "SqliteStore":
        """Raises Unavailable with the next step when the file cannot be used."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _expect_writable(path)
            sqlite3.connect(path).close()  # a failure in aiosqlite's thread may come after the loop is gone
            async with AsyncExitStack() as undo:
                writer, reader = [await undo.enter_async_context(_connect(path)) for _ in range(2)]
                for connection in (writer, reader):
                    await _prepare(connection, durability)
                await _hop(writer, lambda raw: schema.migrate(raw, kinds))
                head = await _hop(reader, _head)
                undo.pop_all()
        except SchemaError as error:
            raise Unavailable(str(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"Cannot open {path}: {error}. {_next_step(error)}") from None
        return cls(path, kinds, writer, reader, head)

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        rows = await self._reads.ask((sqlite_writer.statements(type_).get, (tenant, key)))
        return type_.model_validate_json(rows[0][0]) if rows else None

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        return [body for (body,) in await self._reads.ask(sql.find(tenant, query, DIALECT))]

    async def look(self, tenant: str, queries: Sequence[Find]) -> Look:
        return sql.looked(await self._reads.ask(sql.look(tenant, queries, DIALECT.mark)), len(queries))

    async def search(self, tenant: str, query: Search) -> Sequence[Hit]:
        return [Hit(*row) for row in await self._reads.ask(sql.search(tenant, query, DIALECT))]

    async def commit(self, unit: Staged) -> int:
        return await self._commits.ask(sqlite_writer.encode(unit))

    async def close(self) -> None:
        self.silence()
        self._poller.cancel()
        with suppress(asyncio.CancelledError):
            await self._poller
        for group in (self._commits, self._reads, self._pages):
            await group.close()
        await self._writer.close()
        await self._reader.close()

    async def latest(self) -> int:
        return cast(int, (await self._reads.ask(("SELECT cursor FROM log_head", ())))[0][0])

    @property
    def heard(self) -> int:
        return self._bell.head

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        return await self._pages.ask((cursor, tenant, filter_, limit))

    async def news(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        return self._tail.page(cursor, self.heard, tenant, filter_, limit) or await self.after(cursor, tenant, filter_, limit)

    async def beyond(self, cursor: int, patience: float) -> None:
        await self._bell.beyond(cursor, patience)

    def silence(self) -> None:
        self._bell.silence()

    @asynccontextmanager
    async def snapshot(self, kinds: Sequence[type[Record]]) -> AsyncIterator[Snapshot]:
        try:
            async with self._own_connection() as connection:
                yield await sqlite_archive.snapshot(connection, kinds)
        except sqlite3.Error as error:
            raise Unavailable(f"The database failed: {error}. `trivium doctor` looks what is wrong with it.") from error

    async def restore(self, batches: AsyncIterator[Batch], head: int) -> None:
        async with self._own_connection() as connection:
            await _hop(connection, lambda raw: sqlite_archive.begin(raw, self._kinds))
            async for batch in batches:
                await _hop(connection, partial(sqlite_archive.add, batch))
            await _hop(connection, partial(sqlite_archive.end, head))

    async def examine(self) -> Sequence[Finding]:
        drifted = await _hop(self._reader, lambda raw: schema.drift(raw, self._kinds))
        health = await _hop(self._reader, lambda raw: raw.execute("PRAGMA quick_check(1)").fetchone()[0])
        return [
            Finding(not drifted, f"schema of {self._path}" + (f" differs: {', '.join(drifted)}" if drifted else " as declared"),
                    "Export with another copy of this version, and import into a new file." if drifted else ""),
            Finding(health == "ok", f"integrity: {health}", "" if health == "ok" else "Restore the file from a backup."),
        ]  # fmt: skip

    @asynccontextmanager
    async def _own_connection(self) -> AsyncIterator[aiosqlite.Connection]:
        """For one long transaction. Closing it takes back what was not committed."""
        async with _connect(self._path) as connection:
            await _prepare(connection, "full")
            yield connection

    async def _commit(self, units: Sequence[sqlite_writer.Encoded]) -> Sequence[int | HubError]:
        head, outcomes = await _hop(self._writer, lambda raw: sqlite_writer.commit(raw, units))
        events = [event for unit, outcome in zip(units, outcomes, strict=True) if isinstance(outcome, int) for event in unit.events]
        self._tail.add(head - len(events), events)
        self._bell.ring(head)
        return outcomes

    async def _read(self, asks: Sequence[Ask]) -> Sequence[list[Any] | HubError]:
        def run(raw: sqlite3.Connection) -> list[list[Any]]:
            answers = {ask: raw.execute(*ask).fetchall() for ask in dict.fromkeys(asks)}
            return [answers[ask] for ask in asks]

        return await _hop(self._reader, run)

    async def _read_pages(self, asks: Sequence[PageAsk]) -> Sequence[Page | HubError]:
        """Followers at the end of the log ask the same thing together: it is read once."""

        def run(raw: sqlite3.Connection) -> list[Page]:
            head = _head(raw)
            pages = {ask: _page(raw, head, *ask) for ask in dict.fromkeys(asks)}
            return [pages[ask] for ask in asks]

        return await _hop(self._reader, run)

    async def _poll(self) -> None:
        """Hear of what other processes wrote."""
        while True:
            await asyncio.sleep(POLL)
            with suppress(HubError):
                self._bell.ring(await self.latest())


def _expect_writable(path: Path) -> None:
    """SQLite opens what it may only read, and fails at the first write."""
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError("this user may not write it")


def _next_step(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return "Restore it from a backup, or name another file with --db sqlite:PATH."
    if code == sqlite3.SQLITE_FULL:
        return "Free some space on its disk."
    return "Name a file that you may write with --db sqlite:PATH."


def _head(raw: sqlite3.Connection) -> int:
    return cast(int, raw.execute("SELECT cursor FROM log_head").fetchone()[0])


def _page(raw: sqlite3.Connection, head: int, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
    if head <= cursor:
        return Page((), cursor)
    rows = [Logged(*row) for row in raw.execute(*sql.after(cursor, head, tenant, filter_, limit, DIALECT.mark)).fetchall()]
    return Page(rows, rows[-1].cursor if len(rows) == limit else head)


def _connect(path: Path) -> aiosqlite.Connection:
    return aiosqlite.connect(path, isolation_level=None, cached_statements=512)


async def _prepare(connection: aiosqlite.Connection, durability: Durability) -> None:
    synchronous = {"full": "FULL", "normal": "NORMAL"}[durability]
    for pragma in (f"busy_timeout={int(PATIENCE * 1000)}", "journal_mode=WAL", f"synchronous={synchronous}", "temp_store=MEMORY"):
        await connection.execute(f"PRAGMA {pragma}")


async def _hop(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """The one private call: run `work` on aiosqlite's thread (0.22, pinned; see test_sqlite_hop)."""
    return cast(T, await connection._execute(work, connection._conn))  # type: ignore[no-untyped-call]
