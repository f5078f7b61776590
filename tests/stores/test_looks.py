"""What a store is: several searches of one moment, and the news of the log."""

import asyncio

import anyio
import pytest

from hub.domain.mail import Delivery
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Filter, Find, HubStore, Logged
from tests.conftest import open_database
from tests.stores.units import TENANT, put, stored, task, whole_log


async def test_a_look_answers_each_search_and_where_the_log_is(store: HubStore) -> None:
    head = await put(store, task("b", "two"), task("a", "one"), task("c", status="COMPLETED"), Delivery(
        workspace_id="w", agent_id="x", number=1, letter_id="l",
    ))  # fmt: skip
    look = await store.look(TENANT, [
        Find(Task), Find(Task, key="b"), Find(Task, key="none"), Find(Task, (("status", "COMPLETED"),)),
        Find(Task, (("status", "COMPLETED"),), key="a"), Find(Delivery, (("agent_id", "x"),)), Find(Task, after="a", limit=1),
    ])  # fmt: skip
    found = [[Task.model_validate_json(body).id for body in bodies] for at, bodies in enumerate(look.found) if at != 5]
    assert found == [["a", "b", "c"], ["b"], [], ["c"], [], ["b"]]
    assert (len(look.found[5]), look.cursor) == (1, head)
    assert (await store.look("other", [Find(Task, key="b")])).found == [[]]


@pytest.mark.parametrize("way", ["find", "look"])
async def test_the_last_ones_are_those_of_the_highest_keys_in_key_order(store: HubStore, way: str) -> None:
    await put(store, *(task(id_, status="PENDING" if id_ != "d" else "COMPLETED") for id_ in "ecadb"))
    for query, wanted in (
        (Find(Task, last=True, limit=2), "de"), (Find(Task, last=True), "abcde"), (Find(Task, after="c", last=True, limit=9), "de"),
        (Find(Task, (("status", "PENDING"),), last=True, limit=2), "ce"), (Find(Task, key="b", last=True), "b"),
    ):  # fmt: skip
        bodies = await store.find(TENANT, query) if way == "find" else (await store.look(TENANT, [Find(Task), query])).found[1]
        assert "".join(Task.model_validate_json(body).id for body in bodies) == wanted


async def test_a_look_by_a_column_that_is_not_declared_is_a_mistake(store: HubStore) -> None:
    with pytest.raises(ValueError, match="title"):
        await store.look(TENANT, [Find(Task, (("title", "x"),))])


async def test_a_look_never_sees_the_half_of_a_unit(store: HubStore) -> None:
    await put(store, task("a", "0"), task("b", "0"))
    writing = True

    async def write() -> None:
        nonlocal writing
        for number in range(1, 40):
            changed = [(await stored(store, id_)).model_copy(update={"title": str(number)}) for id_ in ("a", "b")]
            await put(store, *changed)
        writing = False

    async def read() -> None:
        while writing:
            look = await store.look(TENANT, [Find(Task, key="a"), Find(Task, key="b")])
            [a], [b] = ([Task.model_validate_json(body) for body in bodies] for bodies in look.found)
            assert (a.title, a.version, look.cursor) == (b.title, b.version, 2 * a.version)

    await asyncio.gather(write(), read(), read())


async def test_the_news_are_what_the_log_says_for_every_cursor_and_filter(store: HubStore) -> None:
    for number in range(12):
        await put(store, task(f"t{number}", workspace_id="v" if number % 3 else "w"))
    await put(store, task("foreign"), tenant="other")
    filters = (EVERY_EVENT, Filter("v"), Filter(kinds=("task",)), Filter(kinds=("note",)), Filter(record_id="t7"))
    for filter_ in filters:
        for cursor in (0, 5, 12, 13, 20):
            for limit in (1, 3, 100):
                assert await store.news(cursor, TENANT, filter_, limit) == await store.after(cursor, TENANT, filter_, limit)


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_what_another_node_wrote_is_in_the_news_as_soon_as_it_is_heard_of(database: str, store: HubStore) -> None:
    other = await open_database(database)
    news: list[Logged] = []
    cursor = 0
    try:
        for number in range(30):
            await put(other if number % 3 else store, task(f"t{number}"))
        with anyio.fail_after(10):
            while len(news) < 30:
                page = await store.news(cursor, TENANT, EVERY_EVENT, 7)
                news += page.events
                if page.cursor == cursor:
                    await store.beyond(cursor, 1)
                cursor = page.cursor
    finally:
        await other.close()
    assert news == await whole_log(store)
    assert store.heard == 30
