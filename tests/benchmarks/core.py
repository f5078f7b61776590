"""Durable create_task through Hub.call against a naive transaction a call, and 50 callers over one record."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import aiosqlite
import asyncpg
import uvloop

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.events import fact
from hub.domain.model import instant, utc_now
from hub.domain.tasks import Task
from hub.operations.base import changes
from hub.operations.tasks import CreateTask
from stores import sql
from stores.schema import postgres as schema
from stores.sqlite_writer import statements
from tests.benchmarks.harness import Call, calls, line
from tests.conftest import open_database
from tests.postgres import server

BODY = b'{"title":"a task with a title","objective":"' + b"x" * 120 + b'"}'
ROUNDS, SECONDS = 5, 0.7


def rows() -> tuple[Task, sql.Values, sql.Values]:
    """What a naive call writes: the same record and the same event."""
    given = CreateTask.__pydantic_validator__.validate_json(BODY)
    task = Task(**{"workspace_id": given.workspace_id} | changes(given, Task)).stamped(1, instant(utc_now()))
    return task, sql.row("local", task, task.to_json()), sql.logged("local", fact(task, "created", at=task.created_at, by="local"))


async def naive_sqlite(path: Path) -> Call:
    """A lock, and a transaction of hops to the connection's thread: the record, its full text, the event."""
    raw, lock = await aiosqlite.connect(path, isolation_level=None), asyncio.Lock()
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"):
        await raw.execute(f"PRAGMA {pragma}")
    await raw.execute(f"CREATE TABLE naive_log (cursor INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(sql.EVENT_COLUMNS[1:])})")
    names, full_text = sql.names(Task), statements(Task).full_text
    assert full_text is not None
    add_text = full_text.add

    async def call() -> None:
        task, row, event = rows()
        async with lock:
            await raw.execute("BEGIN IMMEDIATE")
            cursor = await raw.execute(f"INSERT INTO task ({', '.join(names)}) VALUES ({', '.join('?' * len(row))})", row)
            await raw.execute(add_text, (cursor.lastrowid, *(task.column(name) for name in Task.searchable)))
            await raw.execute(f"INSERT INTO naive_log ({', '.join(sql.EVENT_COLUMNS[1:])}) VALUES (?, ?, ?, ?, ?, ?)", event)
            await raw.execute("COMMIT")

    return call


async def naive_postgres(url: str) -> Call:
    """A connection of a pool of ten, and a transaction of two inserts and a notification."""
    pool = await asyncpg.create_pool(url, min_size=10, max_size=10)
    columns = ", ".join(f"{name} TEXT" for name in sql.EVENT_COLUMNS[1:])
    await pool.execute(f"CREATE TABLE naive_log (cursor BIGSERIAL PRIMARY KEY, {columns})")
    names, values = schema.inserted(Task, [f"${at}" for at in range(1, len(sql.names(Task)) + 3)])

    async def call() -> None:
        task, _, event = rows()
        row = schema.row("local", task, task.to_json())
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(f"INSERT INTO task ({', '.join(names)}) VALUES ({', '.join(values)})", *row)
            await connection.execute(f"INSERT INTO naive_log ({', '.join(sql.EVENT_COLUMNS[1:])}) VALUES ($1, $2, $3, $4, $5, $6)", *event)
            await connection.execute("SELECT pg_notify('naive', $1)", event[1])

    return call


async def compare(title: str, hub: Call, naive: Call, goal: float) -> None:
    for callers in (1, 50):
        kept: dict[str, list[tuple[float, float]]] = {"hub": [], "naive": []}
        for _ in range(ROUNDS):
            kept["hub"].append(await calls(hub, callers, SECONDS))
            kept["naive"].append(await calls(naive, callers, SECONDS))
        (rate, cpu), (naive_rate, naive_cpu) = ((median(column) for column in zip(*kept[name], strict=True)) for name in ("hub", "naive"))
        ratio, wanted = rate / naive_rate, goal if callers > 1 else 0.95
        figure = f"{rate:.0f}/s {cpu:.0f} us, naive {naive_rate:.0f}/s {naive_cpu:.0f} us = {ratio:.1f}x"
        line(f"create_task, {title}, {callers} callers", figure, f">= {goal:.1f}x" if callers > 1 else "no slower", ratio >= wanted)


async def contend(title: str, hub: Hub) -> None:
    """Fifty callers, each changing the same record ten times."""
    task = await hub.call("create_task", BODY, LOCAL)
    assert isinstance(task, Task)

    async def caller(at: int) -> None:
        for number in range(10):
            await hub.call("update_task", {"taskId": task.id, "title": f"{at}-{number}"}, LOCAL)

    begun = time.perf_counter()
    outcomes = await asyncio.gather(*(caller(at) for at in range(50)), return_exceptions=True)
    failed = sum(outcome is not None for outcome in outcomes)
    figure = f"{500 / (time.perf_counter() - begun):.0f}/s, {failed} callers failed"
    line(f"update_task of one record, {title}, 50 callers", figure, "every one succeeds", not failed)


async def on(title: str, database: str, naive: Callable[[], Awaitable[Call]], goal: float) -> None:
    store = await open_database(database)
    hub = Hub(store)
    await compare(title, lambda: hub.call("create_task", BODY, LOCAL), await naive(), goal)
    await contend(title, hub)
    await store.close()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, server(fsync=True) as postgres:
        path = Path(folder) / "hub.db"
        await on("SQLite", f"sqlite:{path}", lambda: naive_sqlite(path), 8)
        await on("Postgres", postgres.url, lambda: naive_postgres(postgres.url), 3.5)


if __name__ == "__main__":
    uvloop.run(main())
