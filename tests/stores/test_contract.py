"""What a store is: run over memory, SQLite and Postgres. Commits here; reads, the log, search and moving stand beside it."""

import asyncio

import pytest

from hub.domain.errors import Busy, Conflict
from hub.domain.events import fact
from hub.domain.notes import Note
from hub.domain.tasks import Task
from hub.domain.workspaces import Workspace
from hub.ports import Find, HubStore
from hub.unit import StagedFind, UnitOfWork
from tests.stores.units import NOW, TENANT, failures, open_with_named, put, remove, stored, task, unit, whole_log


async def test_a_record_is_stored_with_its_version_and_times(store: HubStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    assert (first.version, first.created_at, first.updated_at) == (1, NOW, NOW)
    await put(store, first.model_copy(update={"title": "two"}))
    second = await stored(store, "t")
    assert (second.title, second.version, second.created_at) == ("two", 2, NOW)


async def test_a_stale_put_conflicts_and_changes_nothing(store: HubStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    await put(store, first.model_copy(update={"title": "two"}))
    with pytest.raises(Conflict):
        await put(store, first.model_copy(update={"title": "three"}))
    found = await stored(store, "t")
    assert (found.title, found.version) == ("two", 2)
    assert await store.latest() == 2


async def test_a_second_insert_of_one_key_conflicts(store: HubStore) -> None:
    await put(store, task("t", "one"))
    with pytest.raises(Conflict):
        await put(store, task("t", "two"))
    assert (await stored(store, "t")).title == "one"


@pytest.mark.parametrize("guilty", [0, 1, 2])
async def test_of_three_records_one_stale_means_that_none_is_written_and_no_event_logged(store: HubStore, guilty: int) -> None:
    await put(store, task("t"))
    records = [task("a"), Note(id="n", workspace_id="w", title="n", document_id="d")]
    records.insert(guilty, task("t", "stale"))
    with pytest.raises(Conflict):
        await put(store, *records)
    assert await store.get(TENANT, Task, "a") is None
    assert await store.get(TENANT, Note, "w/n") is None
    assert (await stored(store, "t")).title == "a title"
    assert len(await whole_log(store)) == await store.latest() == 1


async def test_a_put_of_a_record_removed_meanwhile_conflicts(store: HubStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    await remove(store, first)
    with pytest.raises(Conflict):
        await put(store, first)
    with pytest.raises(Conflict):
        await remove(store, first)
    assert await store.get(TENANT, Task, "t") is None
    assert await store.find(TENANT, Find(Task)) == []


async def test_a_record_staged_and_removed_in_one_unit_was_never_there(store: HubStore) -> None:
    work = unit(store)
    work.remove(work.put(task("t")))
    work.put(task("other"))
    await store.commit(work)
    assert await store.get(TENANT, Task, "t") is None
    assert await stored(store, "other")


async def test_a_record_removed_and_put_in_one_unit_goes_on_from_its_version(store: HubStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    work = unit(store)
    work.remove(first)
    assert await work.get(Task, "t") is None
    work.put(first.model_copy(update={"title": "again"}))
    await store.commit(work)
    again = await stored(store, "t")
    assert (again.title, again.version) == ("again", 2)


async def test_a_unit_reads_its_own_puts_and_may_not_search_what_it_staged(store: HubStore) -> None:
    work = unit(store)
    staged = work.put(task("t"))
    assert await work.get(Task, "t") == staged
    assert work.put(staged.model_copy(update={"title": "two"})).version == staged.version == 1
    with pytest.raises(StagedFind):
        await work.find(Task)
    assert await work.find(Note) == []
    with pytest.raises(Conflict):
        work.put(staged.model_copy(update={"version": 7}))


async def test_a_unit_that_is_dropped_leaves_nothing(store: HubStore) -> None:
    work = unit(store)
    work.put(task("t"))
    del work
    assert await store.get(TENANT, Task, "t") is None


async def test_an_event_without_a_record_is_logged(store: HubStore) -> None:
    work = unit(store)
    work.emit(fact(task("t"), "noticed", at=NOW, by="test"))
    assert await store.commit(work) == 1
    assert [event.name for event in await whole_log(store)] == ["task.noticed"]


async def test_tenants_do_not_see_each_other(store: HubStore) -> None:
    await put(store, task("t", "mine"))
    await put(store, task("t", "yours"), tenant="other")
    assert (await stored(store, "t")).title == "mine"
    assert (await stored(store, "t", "other")).title == "yours"
    await remove(store, await stored(store, "t"))
    assert len(await store.find("other", Find(Task))) == 1
    assert len(await whole_log(store, "other")) == 1
    assert await store.get("", Task, "t") is None


async def test_a_guard_prevents_write_skew(store: HubStore) -> None:
    await put(store, task("one"), task("two"))

    async def finish(mine: str, other: str) -> UnitOfWork:
        work = unit(store)
        work.guard(await stored(store, other))
        work.put((await stored(store, mine)).model_copy(update={"status": "COMPLETED"}))
        return work

    both = await finish("one", "two"), await finish("two", "one")
    outcomes = await asyncio.gather(*map(store.commit, both), return_exceptions=True)
    assert failures(outcomes) == ["Conflict"]
    assert sorted([(await stored(store, "one")).version, (await stored(store, "two")).version]) == [1, 2]


async def test_many_guards_of_one_record_in_one_batch_all_hold(store: HubStore) -> None:
    await put(store, Workspace(id="w", title="w"))
    workspace = await store.get(TENANT, Workspace, "w")
    assert workspace

    async def create(at: int) -> int:
        work = unit(store)
        work.guard(workspace)
        work.put(task(f"t{at}"))
        return await store.commit(work)

    await asyncio.gather(*map(create, range(50)))
    assert len(await store.find(TENANT, Find(Task, limit=100))) == 50
    again = await store.get(TENANT, Workspace, "w")
    assert again
    assert again.version == 1


async def test_a_guard_of_a_record_removed_meanwhile_conflicts(store: HubStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    await remove(store, first)
    work = unit(store)
    work.guard(first)
    work.put(task("new"))
    with pytest.raises(Conflict):
        await store.commit(work)
    assert await store.get(TENANT, Task, "new") is None


async def test_an_absence_can_be_guarded(store: HubStore) -> None:
    absent, present = task("absent"), task("present")
    held = unit(store)
    held.guard(absent)
    held.put(task("while it was absent"))
    await store.commit(held)
    await put(store, present)
    lost = unit(store)
    lost.guard(present)
    lost.put(task("too late"))
    with pytest.raises(Conflict):
        await store.commit(lost)
    assert await store.get(TENANT, Task, "too late") is None
    assert await store.get(TENANT, Task, "while it was absent")


async def test_a_cancelled_caller_leaves_the_others_alone(store: HubStore) -> None:
    asked = [asyncio.create_task(put(store, task(f"c{at}"))) for at in range(30)]
    await asyncio.sleep(0)
    for one in asked[::3]:
        one.cancel()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    kept = {at for at, outcome in enumerate(outcomes) if isinstance(outcome, int)}
    assert kept >= {at for at in range(30) if at % 3}
    for at in kept:
        assert await stored(store, f"c{at}")
    events = await whole_log(store)
    assert len(events) == len(await store.find(TENANT, Find(Task)))
    assert [event.cursor for event in events] == list(range(1, len(events) + 1))


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(database: str) -> None:
    store = await open_with_named(database)
    asked = [asyncio.create_task(put(store, task(f"t{at}"))) for at in range(20)]
    await asyncio.sleep(0)
    await store.close()
    outcomes = await asyncio.gather(*asked)
    assert len(set(outcomes) | {20}) <= 20
    with pytest.raises(Busy):
        await put(store, task("late"))
