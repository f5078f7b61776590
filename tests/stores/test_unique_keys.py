"""What a store is: declared uniqueness, the one rule that a store enforces, with a kind that only the tests have."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.domain.errors import Duplicate
from hub.domain.tasks import Task
from hub.ports import Find, HubStore
from tests.stores.units import TENANT, Named, failures, open_with_named, put, task, unit, whole_log


@pytest.fixture
async def named_store(database: str) -> AsyncIterator[HubStore]:
    """A store that also knows a kind with a unique key."""
    opened = await open_with_named(database)
    yield opened
    await opened.close()


async def test_in_one_batch_only_the_guilty_fail(named_store: HubStore) -> None:
    store = named_store
    await put(store, task("t"), Named(id="n0", name="taken"))
    good = [task(f"g{at:02d}") for at in range(20)]
    asks = [
        *(put(store, one) for one in good[:10]), put(store, task("t")), put(store, task("lost"), Named(id="n1", name="taken")),
        *(put(store, task("t", version=at)) for at in (2, 3, 4)), *(put(store, one) for one in good[10:]),
    ]  # fmt: skip
    outcomes = await asyncio.gather(*asks, return_exceptions=True)
    assert failures(outcomes) == ["Conflict"] * 4 + ["Duplicate"]
    assert len(await store.find(TENANT, Find(Task))) == 21
    assert await store.get(TENANT, Task, "lost") is None
    assert [event.cursor for event in await whole_log(store)] == list(range(1, 23))


async def test_no_two_records_of_a_tenant_agree_in_a_unique_key(named_store: HubStore) -> None:
    await put(named_store, Named(id="a", name="x"), Named(id="b", name="y"), Named(id="c", workspace_id="v", name="x"))
    await put(named_store, Named(id="a", name="x"), tenant="other")
    b = await named_store.get(TENANT, Named, "b")
    assert b
    with pytest.raises(Duplicate):
        await put(named_store, b.model_copy(update={"name": "x"}))
    with pytest.raises(Duplicate):
        await put(named_store, Named(id="d", name="z"), Named(id="e", name="z"))
    await put(named_store, b.model_copy(update={"name": "z"}))
    assert await named_store.get(TENANT, Named, "d") is None


async def test_an_absent_value_is_like_no_other_in_a_unique_key(named_store: HubStore) -> None:
    await put(named_store, Named(id="a"))
    await put(named_store, Named(id="b"), Named(id="c"))
    assert len(await named_store.find(TENANT, Find(Named))) == 3


async def test_of_many_that_want_one_unique_key_one_wins(named_store: HubStore) -> None:
    outcomes = await asyncio.gather(*(put(named_store, Named(name="only")) for _ in range(20)), return_exceptions=True)
    assert failures(outcomes) == ["Duplicate"] * 19
    assert len(await named_store.find(TENANT, Find(Named))) == await named_store.latest() == 1


async def test_a_unique_key_is_free_again_for_the_unit_that_removes_its_holder(named_store: HubStore) -> None:
    await put(named_store, Named(id="a", name="x"))
    holder = await named_store.get(TENANT, Named, "a")
    assert holder
    work = unit(named_store)
    work.put(Named(id="b", name="x"))
    work.remove(holder)
    await named_store.commit(work)
    assert await named_store.get(TENANT, Named, "a") is None
    assert await named_store.get(TENANT, Named, "b")
