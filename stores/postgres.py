"""Postgres through asyncpg: a round of commits is one call of one function, and so one round trip.

The queue of all nodes is inside the server; a node that stalls holds no lock. See `stores/schema/postgres.py`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, cast

import asyncpg

from hub.domain.errors import Conflict, Duplicate, HubError, Invalid, Unavailable
from hub.domain.model import Record
from hub.feed import Bell
from hub.ports import Batch, Filter, Find, Finding, Hit, Logged, Look, Page, R, Search, Snapshot, Staged
from stores import postgres_archive, sql
from stores.group import NOT_KNOWN, Group
from stores.postgres_units import Encoded, Key, apart, columns, encode
from stores.schema import SchemaError
from stores.schema import postgres as schema
from stores.tail import Tail

log = logging.getLogger("stores")

PageAsk = tuple[int, str, Filter, int]
CONNECTIONS = 4
UNITS, ROUNDS = 25, 2
"""Units a call, and calls under way: while the server writes one, this process makes the other ready."""
TIMEOUT = 30.0
"""Seconds for any one statement."""
LOST = (
    asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, asyncpg.InternalClientError,
    OSError, TimeoutError,
)  # fmt: skip
"""The server was not reached, went away or did not answer. (InternalClientError: it had said goodbye on a connection in the pool.)"""
UNFIT = (asyncpg.UniqueViolationError, asyncpg.DataError, asyncpg.ProgramLimitExceededError, ValueError)
"""What one unit brings cannot be stored, and the statement is undone for all of them."""

DIALECT = sql.Dialect(
    mark=lambda at: f"${at}",
    matches=lambda type_, mark: f"{type_.kind} t WHERE t.search @@ to_tsquery('simple', {mark})",
    score=lambda type_, mark: f"ts_rank('{{0, 0, 0.1, 1}}', t.search, to_tsquery('simple', {mark}))",
    words=lambda words: " & ".join(f"'{word}'" for word in words),
)


class PostgresStore:
    """Made by `open`. Any number of nodes may share the database."""

    def __init__(self, url: str, kinds: Sequence[type[Record]], pool: "asyncpg.Pool[Any]") -> None:
        self._url, self._kinds, self._pool = url, kinds, pool
        self._width = schema.width(kinds)
        marks = ", ".join(f"${at}" for at in range(1, 17 + self._width))
        self._call = f"SELECT lost, head FROM {schema.function_name(kinds)}({marks})"
        self._bell, self._tail = Bell(), Tail(0, ROUNDS)
        self._commits: Group[Encoded, int] = Group(self._commit, largest=UNITS, rounds=ROUNDS)
        self._reads: Group[Key, str | None] = Group(self._read, rounds=ROUNDS)
        self._pages: Group[PageAsk, Page] = Group(self._read_pages)
        self._heard = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, url: str, kinds: Sequence[type[Record]]) -> "PostgresStore":
        """Raises Unavailable with the next step when the database cannot be used."""
        try:
            async with AsyncExitStack() as undo:
                pool = await asyncpg.create_pool(url, min_size=0, max_size=CONNECTIONS, reset=_keep, command_timeout=TIMEOUT, timeout=10)
                undo.callback(pool.terminate)
                async with pool.acquire() as connection:
                    await schema.migrate(connection, kinds)
                undo.pop_all()
        except SchemaError as error:
            raise Unavailable(str(error)) from None
        except (asyncpg.PostgresError, *LOST, ValueError) as error:
            reason = str(error) or type(error).__name__
            next_step = "Check DATABASE_URL or --db, and that the server runs."
            raise Unavailable(f"Cannot use the Postgres database: {reason}. {next_step}") from None
        store = cls(url, kinds, pool)
        try:
            async with asyncio.timeout(TIMEOUT):
                await store._heard.wait()
        except BaseException as error:
            await store.close()
            if isinstance(error, TimeoutError):
                raise Unavailable("The Postgres server has no connection left for LISTEN. Raise its max_connections.") from None
            raise
        return store

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        body = await self._reads.ask((type_.kind, tenant, key))
        return type_.model_validate_json(body) if body else None

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        return [body for (body,) in await self._fetch(*sql.find(tenant, query, DIALECT))]

    async def look(self, tenant: str, queries: Sequence[Find]) -> Look:
        return sql.looked(await self._fetch(*sql.look(tenant, queries, DIALECT.mark)), len(queries))

    async def search(self, tenant: str, query: Search) -> Sequence[Hit]:
        return [Hit(*row) for row in await self._fetch(*sql.search(tenant, query, DIALECT))]

    async def commit(self, unit: Staged) -> int:
        return await self._commits.ask(encode(unit, self._width))

    async def close(self) -> None:
        self.silence()
        for group in (self._commits, self._reads, self._pages):
            await group.close()
        self._listener.cancel()
        with suppress(asyncio.CancelledError):
            await self._listener
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await self._pool.close()
        self._pool.terminate()

    async def latest(self) -> int:
        return cast(int, (await self._fetch("SELECT cursor FROM log_head", ()))[0][0])

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

    def snapshot(self, kinds: Sequence[type[Record]]) -> AbstractAsyncContextManager[Snapshot]:
        return postgres_archive.snapshot(self._url, kinds)

    async def restore(self, batches: AsyncIterator[Batch], head: int) -> None:
        await postgres_archive.restore(self._url, self._kinds, batches, head)

    async def examine(self) -> Sequence[Finding]:
        async with self._pool.acquire() as connection:
            drifted = await schema.drift(connection, self._kinds)
        said = f"schema differs: {', '.join(drifted[:10])}" if drifted else "schema as declared"
        return [Finding(not drifted, said, "Export, and import into a new database." if drifted else "")]

    async def _fetch(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        """Read. A connection that died while it was idle is found out here, so one lost read is asked again."""
        for last in (False, True):
            try:
                return await self._pool.fetch(text, *values)
            except LOST as error:
                if last:
                    log.warning("the database does not answer: %s", type(error).__name__)
        raise Unavailable("The database does not answer. Call again when it is back.")

    async def _commit(self, units: Sequence[Encoded]) -> Sequence[int | HubError]:
        outcomes: dict[Encoded, int | HubError] = {}
        for together in apart(units):
            outcomes.update(zip(together, await self._together(together), strict=True))
        return [outcomes[unit] for unit in units]

    async def _together(self, units: Sequence[Encoded]) -> list[int | HubError]:
        """Units that share no written record, in one statement. What cannot be stored undoes it: then each goes alone."""
        steps = [(at, *step) for at, unit in enumerate(units) for step in unit.steps]
        events = [(at, *event) for at, unit in enumerate(units) for event in unit.events]
        try:
            lost, head = cast(
                tuple[list[int], int], await self._pool.fetchrow(self._call, *columns(steps, 9 + self._width), *columns(events, 7))
            )
        except UNFIT as error:
            if len(units) > 1:
                return [outcome for unit in units for outcome in await self._together([unit])]
            if isinstance(error, asyncpg.UniqueViolationError):
                return [Duplicate("There is one like it already.")]
            log.warning("a unit cannot be stored: %s", type(error).__name__)
            return [Invalid("The database cannot keep a text or a number that is in this.")]
        except LOST as error:
            log.warning("a commit of %d units was not answered: %s", len(units), type(error).__name__)
            return [Unavailable(NOT_KNOWN)] * len(units)
        kept = [event for at, unit in enumerate(units) if at not in lost for event in unit.events]
        self._tail.add(head - len(kept), kept)
        self._bell.ring(head)
        conflict = Conflict("The record was changed meanwhile. Read it again and repeat the change.")
        return [conflict if at in lost else head for at in range(len(units))]

    async def _read_pages(self, asks: Sequence[PageAsk]) -> Sequence[Page | HubError]:
        """Followers at the end of the log ask the same thing together: it is read once."""
        head = await self.latest()
        pages = {ask: await self._page(head, *ask) for ask in dict.fromkeys(asks)}
        return [pages[ask] for ask in asks]

    async def _page(self, head: int, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        if head <= cursor:
            return Page((), cursor)
        rows = [Logged(*row) for row in await self._fetch(*sql.after(cursor, head, tenant, filter_, limit, DIALECT.mark))]
        return Page(rows, rows[-1].cursor if len(rows) == limit else head)

    async def _read(self, asks: Sequence[Key]) -> Sequence[str | HubError | None]:
        kinds = sorted({kind for kind, _, _ in asks})
        text = " UNION ALL ".join(
            f"SELECT n, body FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(k, t, i, n) "
            f"JOIN {kind} ON w.k = '{kind}' AND tenant = w.t AND id = w.i" for kind in kinds
        )  # fmt: skip
        found = dict(await self._fetch(text, columns(asks, 3)))
        return [found.get(at) for at in range(1, len(asks) + 1)]

    async def _listen(self) -> None:
        """Hear of every commit. Whatever ends it, it begins again."""
        while True:
            try:
                await self._hear()
            except Exception as error:
                log.debug("not listening: %r", error)
            await asyncio.sleep(0.5)

    async def _hear(self) -> None:
        """Listen on a connection of its own until that is lost. As long as there is none to be had, this is a look at the log."""
        self._bell.ring(await self.latest())
        connection = await asyncpg.connect(self._url, timeout=10)
        try:
            gone = asyncio.Event()
            connection.add_termination_listener(_sets(gone))
            await connection.add_listener("trivium_log", lambda *heard: self._bell.ring(int(cast(str, heard[3]))))
            self._bell.ring(await self.latest())
            self._heard.set()
            await gone.wait()
            log.warning("the connection that listens was lost")
        finally:
            connection.terminate()


def _sets(event: asyncio.Event) -> Callable[..., None]:
    return lambda *_: event.set()


async def _keep(_: object) -> None:
    """No reset: nothing here changes a pooled connection's state, and a reset costs a round trip."""
