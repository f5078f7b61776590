"""What a store is: its whole content, as it was at one moment, can be moved to any other one without loss."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import orjson
import pytest

from hub.domain import KINDS
from hub.domain.errors import HubError, Refused, Unavailable
from hub.domain.notes import Note
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Batch, Find, HubStore, Search
from stores import postgres_archive
from tests import postgres
from tests.conftest import STORES, open_database
from tests.stores.archives import NOTHING, batches, content, event, old, read, restorable
from tests.stores.units import TENANT, failures, put, remove, stored, task, unit, whole_log


@pytest.fixture(params=STORES)
async def other(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[HubStore]:
    """An empty store of each kind, beside `store`."""
    database = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'other.db'}"
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        connection = await asyncpg.connect(server.url)
        await connection.execute("DROP DATABASE IF EXISTS other WITH (FORCE)")
        await connection.execute("CREATE DATABASE other")
        await connection.close()
        database = server.url.removesuffix("/postgres") + "/other"
    opened = await open_database(database)
    yield opened
    await opened.close()


async def test_what_is_moved_to_another_store_is_all_there_as_it_was(store: HubStore, other: HubStore) -> None:
    for at in range(3):
        await put(store, *(task(f"t{at}-{number}", f"needle {number} 日本語 \x01", status="PENDING") for number in range(300)))
    await put(store, Note(id="n", workspace_id="w", title="needle", document_id="d", content="long " * 1000), task("changed"))
    await put(store, (await stored(store, "changed")).model_copy(update={"title": "now"}))
    await remove(store, await stored(store, "t0-0"))
    await put(store, task("t0-1"), tenant="other")
    before = await content(store)
    await other.restore(restorable(before), before[2])

    (records, events, head), (moved, logged, moved_head) = before, await content(other)
    assert len(records) == 902
    assert sorted(moved) == sorted(records)
    assert [(cursor, tenant, orjson.loads(body)) for cursor, tenant, body in logged] == [
        (cursor, tenant, orjson.loads(body)) for cursor, tenant, body in events
    ]
    assert await other.latest() == moved_head == head == await store.latest() == 905
    assert await whole_log(other) == await whole_log(store)
    assert (await stored(other, "changed")).version == 2
    assert await other.find(TENANT, Find(Task, limit=2000)) == await store.find(TENANT, Find(Task, limit=2000))
    words = Search((Task, Note), ("needle",), "w", 0, 2000)
    assert len(await other.search(TENANT, words)) == len(await store.search(TENANT, words)) == 900

    assert await put(other, (await stored(other, "changed")).model_copy(update={"title": "further"})) == 906
    assert [event.cursor for event in (await other.after(904, TENANT, EVERY_EVENT, 10)).events] == [906]


async def test_an_empty_store_is_moved_too(store: HubStore, other: HubStore) -> None:
    assert await content(store) == NOTHING
    await other.restore(restorable(NOTHING), 0)
    assert await put(other, task("t")) == 1


@pytest.mark.parametrize(("logged", "head"), [((), 40), ((30, 31, 35), 40), ((30, 31, 35), 35), ((30, 31, 35), 0)])
async def test_a_log_without_its_beginning_keeps_its_numbers(store: HubStore, other: HubStore, logged: tuple[int, ...], head: int) -> None:
    await store.restore(batches([old("t")], [event(cursor) for cursor in logged]), head)
    await other.restore(restorable(await content(store)), await store.latest())
    end = max(head, *logged, 0)
    for one in (store, other):
        assert (await content(one))[2] == await one.latest() == end
        assert [event.cursor for event in await whole_log(one)] == list(logged)
        assert [event.cursor for event in (await one.after(30, TENANT, EVERY_EVENT, 1)).events] == list(logged[1:2])
        assert (await one.after(31, TENANT, EVERY_EVENT, 10)).cursor == end
        assert await put(one, task("new")) == end + 1
        assert [event.cursor for event in (await one.after(end, TENANT, EVERY_EVENT, 10)).events] == [end + 1]


async def breaks_off() -> AsyncIterator[Batch]:
    async for batch in batches([old(f"t{at}") for at in range(300)], [event(at) for at in range(1, 301)]):
        yield batch
        if batch.events[0][0] > 100:
            raise EOFError("the file ended")


@pytest.mark.parametrize(
    "failing",
    [
        breaks_off,
        lambda: batches([*(old(f"t{at}") for at in range(250)), old("t7")]),
        lambda: batches([], [*map(event, range(1, 250)), event(7)]),
    ],
    ids=["input", "record", "event"],
)
async def test_a_restore_that_fails_halfway_leaves_nothing_and_may_be_repeated(
    store: HubStore, failing: Callable[[], AsyncIterator[Batch]]
) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match=r"the file ended|two of task|UNIQUE constraint|duplicate key|log's order"):
            await store.restore(failing(), 0)
        assert await content(store) == NOTHING
        assert await store.search(TENANT, Search((Task,), ("title",), None, 0, 10)) == []
    await store.restore(batches([old("t", 7)], [event(1)]), 5)
    assert (await stored(store, "t")).version == 7
    assert await put(store, task("next")) == 6


async def test_only_an_empty_store_is_restored(store: HubStore) -> None:
    work = unit(store)
    work.put(task("unlogged"))
    await store.commit(work)
    with pytest.raises(Refused, match="empty database only"):
        await store.restore(batches([old("t")], [event(1)]), 1)
    await remove(store, await stored(store, "unlogged"))
    with pytest.raises(Refused, match="empty database only"):
        await store.restore(restorable(NOTHING), 0)
    records, _, head = await content(store)
    assert (records, head) == ([], 1)


async def test_of_two_restores_at_once_one_is_refused(store: HubStore) -> None:
    restores = [store.restore(batches([old(f"{name}{at}") for at in range(300)], [event(1)]), 1) for name in "ab"]
    assert failures(await asyncio.gather(*restores, return_exceptions=True)) == ["Refused"]
    assert len({one.body[7] for one in (await content(store))[0]}) == 1
    assert len((await content(store))[0]) == 300


async def test_a_commit_meets_a_restore_before_it_or_behind_it(store: HubStore) -> None:
    """Never in the middle: the restore finds the store in use, or the commit gets the number behind the head."""
    restoring = store.restore(batches([old(f"t{at}") for at in range(300)]), 40)
    outcomes = await asyncio.gather(restoring, put(store, task("new")), return_exceptions=True)
    records, events, head = await content(store)
    refused = isinstance(outcomes[0], Refused)
    assert outcomes[1] == head == (1 if refused else 41)
    assert len(records) == (1 if refused else 301)
    assert len(events) == 1


@pytest.mark.parametrize("store_kind", ["postgres"], indirect=True)
async def test_a_server_that_goes_away_ends_a_snapshot_and_takes_a_restore_back(store: HubStore, postgres_url: str) -> None:
    killer = await asyncpg.connect(postgres_url)

    async def cut() -> AsyncIterator[Batch]:
        yield Batch([old("t")], [event(1)])
        await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        yield Batch([old("u")], [event(2)])

    with pytest.raises(postgres_archive.FAILED):
        await store.restore(cut(), 2)
    with suppress(HubError):  # a connection of the pool may be found dead once
        await store.latest()
    assert await content(store) == NOTHING
    async with store.snapshot(KINDS) as snapshot:
        await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(Unavailable, match="The database failed"):
            await read(snapshot)
    await killer.close()
