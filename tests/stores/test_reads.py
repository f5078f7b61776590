"""What a store is: finding, and the log."""

import asyncio

import anyio
import pytest

from hub.domain.mail import Delivery
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Filter, Find, HubStore
from tests.stores.units import TENANT, put, remove, stored, task, titles, whole_log

ODD = (
    "plain", "Ünïcode", "日本語", "🜁🜂 astral", "e\u0301 combining", "\u202eright to left", "tab\tnew\nline", "quote\" 'single' \\back",
    "\u2028 separator", "\ufeff mark", "\x01\x1f controls", "\ufffe noncharacter", "%_ like", "$1 ?1 :name", "</script>", "",
)  # fmt: skip


async def test_find_answers_in_key_order_beyond_a_key_and_up_to_a_limit(store: HubStore) -> None:
    keys = ["b", "a", "é", "z", "B", "10", "9", "日", "\U0001f701", "_"]
    await put(store, *(task(key, title=key) for key in keys))
    ordered = sorted(keys)
    assert await titles(store) == ordered
    seen: list[str] = []
    while bodies := await store.find(TENANT, Find(Task, after=seen[-1] if seen else "", limit=3)):
        assert len(bodies) <= 3
        seen += [Task.model_validate_json(body).id for body in bodies]
    assert seen == ordered


async def test_find_compares_every_column_that_is_named(store: HubStore) -> None:
    await put(
        store, task("1", "one", status="PENDING", assigned_to="a"), task("2", "two", status="PENDING", assigned_to="b"),
        task("3", "three", status="COMPLETED", assigned_to="a"), task("4", "four", workspace_id="v", status="PENDING", assigned_to="a"),
        task("5", "five"),
    )  # fmt: skip
    assert await titles(store, ("status", "PENDING"), ("assigned_to", "a"), ("workspace_id", "w")) == ["one"]
    assert await titles(store, ("assigned_to", "a")) == ["one", "three", "four"]
    assert await titles(store, ("assigned_to", "nobody")) == []


async def test_find_compares_a_truth_as_its_wire_word(store: HubStore) -> None:
    await put(store, *(Delivery(workspace_id="w", agent_id="a", number=at, letter_id="l", acknowledged=at == 2) for at in (1, 2, 3)))
    open_ = await store.find(TENANT, Find(Delivery, (("agent_id", "a"), ("acknowledged", "false"))))
    assert [Delivery.model_validate_json(body).number for body in open_] == [1, 3]


async def test_find_by_a_column_that_is_not_declared_is_a_mistake(store: HubStore) -> None:
    with pytest.raises(ValueError, match="title"):
        await store.find(TENANT, Find(Task, (("title", "x"),)))


async def test_find_sees_a_change_as_soon_as_it_is_acknowledged(store: HubStore) -> None:
    await put(store, task("t", status="PENDING"))
    for status in ("IN_PROGRESS", "COMPLETED"):
        await put(store, (await stored(store, "t")).model_copy(update={"status": status}))
        assert await titles(store, ("status", status)) == ["a title"]
        assert await titles(store, ("status", "PENDING")) == []


@pytest.mark.parametrize("text", ODD)
async def test_odd_text_comes_back_as_it_was(store: HubStore, text: str) -> None:
    odd = task(f"id-{text}", text, objective=text, assigned_to=text, labels=(text, text), jit_context_snapshot={text: [text, None, 1.5]})
    await put(store, odd)
    found = await stored(store, f"id-{text}")
    assert found.model_copy(update={"version": 0, "created_at": "", "updated_at": ""}) == odd
    assert await titles(store, ("assigned_to", text)) == [text]


async def test_concurrent_reads_each_get_their_own_answer(store: HubStore) -> None:
    await put(store, *(task(f"t{at}", f"title {at}") for at in range(40)))
    found = await asyncio.gather(*(store.get(TENANT, Task, f"t{at}") for at in range(50)))
    assert [one.title if one else None for one in found] == [f"title {at}" if at < 40 else None for at in range(50)]


async def test_a_commit_answers_a_cursor_at_which_its_events_are_seen(store: HubStore) -> None:
    cursors = await asyncio.gather(*(put(store, task(f"t{at}")) for at in range(20)))
    events = {event.body: event.cursor for event in await whole_log(store)}
    for at, cursor in enumerate(cursors):
        (own,) = [number for body, number in events.items() if f'"t{at}"' in body]
        assert own <= cursor


async def test_the_log_filters_by_workspace_kinds_and_record(store: HubStore) -> None:
    delivery = Delivery(id="d", workspace_id="w", agent_id="a", number=1, letter_id="l")
    await put(store, task("1"), task("2", workspace_id="v"), delivery, task("3"))
    await remove(store, await stored(store, "1"))

    async def names(filter_: Filter) -> list[tuple[int, str]]:
        return [(event.cursor, event.name) for event in (await store.after(0, TENANT, filter_, 100)).events]

    everything = [(1, "task.written"), (2, "task.written"), (3, "delivery.written"), (4, "task.written"), (5, "task.deleted")]
    assert await names(EVERY_EVENT) == everything
    assert await names(Filter("v")) == [everything[1]]
    assert await names(Filter("w", ("task",))) == [everything[0], *everything[3:]]
    assert await names(Filter(kinds=("delivery", "note"))) == [everything[2]]
    assert await names(Filter(record_id="1")) == [everything[0], everything[4]]
    assert await names(Filter("v", ("delivery",))) == []


async def test_a_page_of_the_log_says_up_to_where_it_was_read(store: HubStore) -> None:
    await put(store, *(task(f"t{at}", workspace_id="v" if at == 2 else "w") for at in range(10)))
    page = await store.after(0, TENANT, Filter("v"), 100)
    assert ([event.cursor for event in page.events], page.cursor) == ([3], 10)
    page = await store.after(0, TENANT, EVERY_EVENT, 4)
    assert ([event.cursor for event in page.events], page.cursor) == ([1, 2, 3, 4], 4)
    page = await store.after(10, TENANT, EVERY_EVENT, 4)
    assert (list(page.events), page.cursor) == ([], 10)
    page = await store.after(99, TENANT, EVERY_EVENT, 4)
    assert (list(page.events), page.cursor) == ([], 99)
    page = await store.after(0, "other", EVERY_EVENT, 4)
    assert (list(page.events), page.cursor) == ([], 10)


async def test_waiting_for_the_log_ends_when_it_grows_and_when_patience_does(store: HubStore) -> None:
    with anyio.fail_after(10):
        waiting = asyncio.create_task(store.beyond(0, 60))
        await asyncio.sleep(0)
        await put(store, task("t"))
        await waiting
        await store.beyond(0, 60)
        await store.beyond(1, 0.01)


@pytest.mark.parametrize("page", [1, 7, 1000])
async def test_a_follower_sees_every_event_once_in_order_while_writers_write(store: HubStore, page: int) -> None:
    first, second, own = list[int](), list[int](), list[int]()

    async def follow(seen: list[int], filter_: Filter) -> None:
        cursor = 0
        while cursor < 400:
            read = await store.after(cursor, TENANT, filter_, page)
            assert read.cursor >= cursor
            seen += [event.cursor for event in read.events]
            if read.cursor == cursor:
                await store.beyond(cursor, 5)
            cursor = read.cursor

    async def write(name: int) -> None:
        for at in range(100):
            await put(store, task(f"{name}-{at}", workspace_id=f"w{name}"))

    with anyio.fail_after(30):
        followers = (follow(first, EVERY_EVENT), follow(second, EVERY_EVENT), follow(own, Filter("w1")))
        await asyncio.gather(*followers, *(write(name) for name in range(4)))
    assert first == second == list(range(1, 401))
    assert len(own) == 100
    assert own == sorted(set(own))
