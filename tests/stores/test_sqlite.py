"""What only SQLite's store has to answer for: its file, its disk, its lock, its thread."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from hub.domain import KINDS
from hub.domain.errors import Busy, Unavailable
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Find, Search
from stores import sqlite
from stores.sqlite import SqliteStore, _hop
from tests.stores.units import TENANT, put, remove, stored, task, whole_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "hub.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(path, KINDS)
    yield opened
    await opened.close()


async def test_sqlite_hop_runs_the_work_on_the_connections_own_thread(store: SqliteStore) -> None:
    def work(raw: sqlite3.Connection) -> tuple[int, int]:
        return threading.get_ident(), raw.execute("SELECT count(*) FROM log_head").fetchone()[0]

    (first, answer), (second, _), (reader, _) = [await _hop(one, work) for one in (store._writer, store._writer, store._reader)]
    assert answer == 1
    assert first == second
    assert len({first, reader, threading.get_ident()}) == 3


async def test_sqlite_hop_raises_what_the_work_raises_and_goes_on(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await _hop(store._writer, lambda raw: raw.execute("SELECT * FROM nowhere"))
    assert await _hop(store._writer, lambda raw: raw.in_transaction) is False


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
async def test_the_file_is_in_wal_mode_and_as_durable_as_was_asked(path: Path, durability: sqlite.Durability, synchronous: int) -> None:
    store = await SqliteStore.open(path, KINDS, durability)

    def pragmas(raw: sqlite3.Connection) -> list[str | int]:
        return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "temp_store", "busy_timeout")]

    assert await _hop(store._writer, pragmas) == await _hop(store._reader, pragmas) == ["wal", synchronous, 2, 5000]
    await store.close()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        raw.execute("INSERT INTO schema_version VALUES (99)")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE songs (title TEXT)")


def garbage(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a database. " * 200)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, "has schema 99.*newer Trivium"), (foreign, "something else.*--db sqlite:PATH"),
        (garbage, "not a database.*--db sqlite:PATH"), (Path.mkdir, "Cannot open.*--db sqlite:PATH"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_used_is_a_clear_error_and_stays_as_it_was(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    path, threads = tmp_path / "hub.db", set(threading.enumerate())
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(Unavailable, match=said):
        await SqliteStore.open(path, KINDS)
    if spoil is garbage:
        assert path.read_bytes() == before
    for left in set(threading.enumerate()) - threads:
        left.join(5)
        assert not left.is_alive()


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="Cannot open"):
        await SqliteStore.open(tmp_path / "file" / "hub.db", KINDS)


async def written_until_the_disk_is_full(store: SqliteStore) -> list[str]:
    """The ids that were acknowledged."""
    acknowledged: list[str] = []
    while len(acknowledged) < 1000:
        id_ = f"t{len(acknowledged)}"
        try:
            await put(store, task(id_, "needle", objective="x" * 3000))
        except Unavailable:
            return acknowledged
        acknowledged.append(id_)
    raise AssertionError("there was no end to the disk")


async def test_a_full_disk_loses_nothing_that_was_acknowledged_and_the_store_goes_on_when_there_is_room(store: SqliteStore) -> None:
    await put(store, task("changed", "before"))
    (pages,) = await _hop(store._writer, lambda raw: raw.execute("PRAGMA page_count").fetchone())
    await _hop(store._writer, lambda raw: raw.execute(f"PRAGMA max_page_count = {pages + 40}").fetchall())
    acknowledged = await written_until_the_disk_is_full(store)
    changed = (await stored(store, "changed")).model_copy(update={"objective": "x" * 900_000})
    with pytest.raises(Unavailable):
        await put(store, changed)
    assert acknowledged
    assert (await stored(store, "changed")).version == 1

    await _hop(store._writer, lambda raw: raw.execute("PRAGMA max_page_count = 1000000").fetchall())
    await put(store, changed)
    there = [Task.model_validate_json(body).id for body in await store.find(TENANT, Find(Task, limit=2000))]
    assert there == sorted([*acknowledged, "changed"])
    assert [event.cursor for event in await whole_log(store)] == list(range(1, len(acknowledged) + 3))
    assert len(await store.search(TENANT, Search((Task,), ("needle",), None, 0, 2000))) == len(acknowledged)
    assert all(finding.ok for finding in await store.examine())


async def test_a_drifted_schema_is_found(store: SqliteStore) -> None:
    assert all(finding.ok for finding in await store.examine())

    def drift(raw: sqlite3.Connection) -> None:
        raw.execute("DROP INDEX task_by_workspace_id")
        raw.execute("ALTER TABLE note ADD COLUMN colour TEXT")

    await _hop(store._writer, drift)
    schema, integrity = await store.examine()
    assert not schema.ok
    assert schema.what.endswith("differs: note, task_by_workspace_id")
    assert schema.next_step
    assert integrity.ok


async def test_a_write_waits_for_another_process_and_reads_go_on(store: SqliteStore, path: Path) -> None:
    await put(store, task("t"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other, anyio.fail_after(5):
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(put(store, task("u")))
        for _ in range(20):
            assert await stored(store, "t")
        assert not writing.done()
        other.execute("COMMIT")
        assert await writing == 2


async def test_a_lock_held_too_long_is_busy_and_nothing_was_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    store = await SqliteStore.open(path, KINDS)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            await put(store, task("t"))
        other.execute("ROLLBACK")
    assert await store.get(TENANT, Task, "t") is None
    assert await put(store, task("t")) == 1
    await store.close()


async def test_vacuum_keeps_the_search_right(store: SqliteStore, path: Path) -> None:
    await put(store, *(task(f"t{at}", f"needle{at} common") for at in range(50)))
    for at in range(0, 50, 2):
        await remove(store, await stored(store, f"t{at}"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM")

    async def found(word: str) -> list[str]:
        return [Task.model_validate_json(hit.body).id for hit in await store.search(TENANT, Search((Task,), (word,), None, 0, 100))]

    for at in range(50):
        assert await found(f"needle{at}") == ([f"t{at}"] if at % 2 else [])
    await put(store, (await stored(store, "t1")).model_copy(update={"title": "other"}))
    assert await found("needle1") == []
    assert await found("other") == ["t1"]


async def test_a_second_store_on_the_file_hears_of_every_write(store: SqliteStore, path: Path) -> None:
    other = await SqliteStore.open(path, KINDS)
    with anyio.fail_after(5):
        for at in range(3):
            waiting = asyncio.create_task(other.beyond(at, 60))
            await asyncio.sleep(0)
            await put(store, task(f"t{at}"))
            await waiting
            assert [event.cursor for event in (await other.after(at, TENANT, EVERY_EVENT, 10)).events] == [at + 1]
    await other.close()


async def test_two_stores_on_the_file_share_one_order(store: SqliteStore, path: Path) -> None:
    other = await SqliteStore.open(path, KINDS)
    with anyio.fail_after(20):
        await asyncio.gather(*(put(one, task(f"{name}-{at}")) for at in range(60) for name, one in (("a", store), ("b", other))))
    assert await whole_log(store) == await whole_log(other)
    assert len(await whole_log(other)) == 120
    await other.close()


async def test_what_was_written_is_there_when_the_file_is_opened_again(path: Path) -> None:
    first = await SqliteStore.open(path, KINDS)
    await put(first, task("t", "kept"))
    await first.close()
    with pytest.raises(Busy):
        await first.latest()
    again = await SqliteStore.open(path, KINDS)
    assert (await stored(again, "t")).title == "kept"
    assert await again.latest() == 1
    await again.close()
