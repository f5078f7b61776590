"""What a store is: its whole content can be moved to any other one without loss."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import orjson
import pytest

from hub.domain import KINDS
from hub.domain.events import Event
from hub.domain.notes import Note
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Find, HubStore, Search, StoredEvent, StoredRecord
from tests import postgres
from tests.conftest import STORES, open_database
from tests.stores.units import TENANT, put, remove, stored, task, whole_log

BY_KIND = {type_.kind: type_ for type_ in KINDS}


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


async def content(store: HubStore) -> tuple[list[StoredRecord], list[StoredEvent]]:
    records = [one async for page in store.records(KINDS) for one in page]
    return records, [one async for page in store.events() for one in page]


async def test_what_is_moved_to_another_store_is_all_there_as_it_was(store: HubStore, other: HubStore) -> None:
    for at in range(3):
        await put(store, *(task(f"t{at}-{number}", f"needle {number} 日本語 \x01", status="PENDING") for number in range(300)))
    await put(store, Note(id="n", workspace_id="w", title="needle", document_id="d", content="long " * 1000), task("changed"))
    await put(store, (await stored(store, "changed")).model_copy(update={"title": "now"}))
    await remove(store, await stored(store, "t0-0"))
    await put(store, task("t0-1"), tenant="other")
    records, events = await content(store)
    await other.restore(
        [(one.tenant, BY_KIND[one.kind].model_validate_json(one.body)) for one in records],
        [(one.cursor, one.tenant, Event.model_validate_json(one.body)) for one in events],
    )

    moved, logged = await content(other)
    assert len(records) == 902
    assert sorted(moved) == sorted(records)
    assert [(cursor, tenant, orjson.loads(body)) for cursor, tenant, body in logged] == [
        (cursor, tenant, orjson.loads(body)) for cursor, tenant, body in events
    ]
    assert await other.latest() == await store.latest() == 905
    assert await whole_log(other) == await whole_log(store)
    assert (await stored(other, "changed")).version == 2
    assert await other.find(TENANT, Find(Task, limit=2000)) == await store.find(TENANT, Find(Task, limit=2000))
    words = Search((Task, Note), ("needle",), "w", 0, 2000)
    assert len(await other.search(TENANT, words)) == len(await store.search(TENANT, words)) == 900

    assert await put(other, (await stored(other, "changed")).model_copy(update={"title": "further"})) == 906
    assert [event.cursor for event in (await other.after(904, TENANT, EVERY_EVENT, 10)).events] == [906]


async def test_an_empty_store_is_moved_too(store: HubStore, other: HubStore) -> None:
    assert await content(store) == ([], [])
    await other.restore([], [])
    assert await put(other, task("t")) == 1


async def test_a_restore_that_fails_leaves_nothing_behind(store: HubStore) -> None:
    good = task("good", version=1, created_at="2026-01-01T00:00:00.000Z", updated_at="2026-01-01T00:00:00.000Z")
    event = Event(name="task.created", record_id="good", version=1, at="2026-01-01T00:00:00.000Z", by="test")
    with pytest.raises(Exception, match=r".+"):
        await store.restore([(TENANT, good)], [(1, TENANT, event), (1, TENANT, event)])
    assert await content(store) == ([], [])
    assert await store.latest() == 0
