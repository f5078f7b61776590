"""What a store is: all that it held at one moment can be read, whatever is written meanwhile."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hub.domain import KINDS
from hub.domain.events import Event
from hub.domain.tasks import Task
from hub.ports import HubStore, Snapshot, StoredEvent, StoredRecord
from tests.stores.archives import Content, content, read
from tests.stores.units import put, remove, stored, task


@asynccontextmanager
async def writers(store: HubStore, number: int) -> AsyncIterator[None]:
    """Each creates tasks, changes every one and removes every third, until the end; each change with its event."""

    async def write(name: int) -> None:
        for at in count():
            await checkpoint()  # the memory store never waits
            id_ = f"{name}-{at}"
            await put(store, task(id_), task(f"{id_}-b"), tenant=f"tenant {name % 2}")
            created = await stored(store, id_, f"tenant {name % 2}")
            await put(store, created.model_copy(update={"title": "changed"}), tenant=f"tenant {name % 2}")
            if at % 3 == 0:
                await remove(store, await stored(store, id_, f"tenant {name % 2}"), tenant=f"tenant {name % 2}")

    async with anyio.create_task_group() as group:
        for name in range(number):
            group.start_soon(write, name)
        yield
        group.cancel_scope.cancel()


async def grown(store: HubStore, by: int) -> None:
    """Others have written so many events more."""
    end = await store.latest() + by
    while (cursor := await store.latest()) < end:
        await store.beyond(cursor, 5)


def state_after(events: Sequence[StoredEvent]) -> dict[tuple[str, str], int]:
    """The version of each record that is there after these events."""
    state: dict[tuple[str, str], int] = {}
    for one in events:
        said = Event.model_validate_json(one.body)
        if said.name == "task.deleted":
            state.pop((one.tenant, said.record_id))
        else:
            state[one.tenant, said.record_id] = said.version
    return state


async def slowly(store: HubStore, snapshot: Snapshot) -> Content:
    """Read it while much is written between any two of its pages."""
    records: list[StoredRecord] = []
    events: list[StoredEvent] = []
    await grown(store, 50)
    async for some_records in snapshot.records:
        records += some_records
        await grown(store, 50)
    async for some_events in snapshot.events:
        events += some_events
        await grown(store, 50)
    return records, events, snapshot.head


async def test_a_snapshot_is_one_moment_while_eight_write(store: HubStore) -> None:
    with anyio.fail_after(60):
        async with writers(store, 8):
            await grown(store, 2_000)
            async with store.snapshot(KINDS) as snapshot:
                records, events, head = await slowly(store, snapshot)
            assert await store.latest() >= head + 150
    assert head >= 2_000
    assert [one.cursor for one in events] == list(range(1, head + 1))
    assert {(one.tenant, (found := Task.model_validate_json(one.body)).id): found.version for one in records} == state_after(events)
    assert {one.tenant for one in records} == {"tenant 0", "tenant 1"}


async def test_snapshots_may_be_left_early_and_be_open_side_by_side(store: HubStore) -> None:
    await put(store, *(task(f"t{at}") for at in range(1200)))
    async with store.snapshot(KINDS) as first:
        await anext(first.records)
        await put(store, task("later"))
        async with store.snapshot(KINDS) as second:
            assert (first.head, second.head) == (1200, 1201)
            assert len((await read(second))[0]) == 1201


async def test_what_goes_wrong_with_a_snapshots_reader_is_not_the_databases_fault(store: HubStore) -> None:
    await put(store, *(task(f"t{at}") for at in range(1200)))

    async def onto_a_full_disk() -> None:
        async with store.snapshot(KINDS) as snapshot:
            await anext(snapshot.records)
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        await onto_a_full_disk()
    assert len((await content(store))[0]) == 1200
