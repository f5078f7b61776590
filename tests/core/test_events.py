"""Events: listed, subscribed to, drained at least once, followed."""

import asyncio

import anyio
import pytest

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Invalid, NotFound
from hub.ports import Filter, Json
from tests.core.support import ask, new_agent, new_task, on_memory, refusal


async def listed(hub: Hub, **filters: object) -> list[tuple[str, str]]:
    return [(event["name"], event["recordId"]) for event in (await ask(hub, "list_events", **filters))["events"]]


@on_memory
async def test_an_event_says_what_happened_to_which_version_of_what_by_whom_and_when(hub: Hub) -> None:
    task = await ask(hub, "create_task", Caller(subject="ann"), title="t", objective="o")
    await ask(hub, "delete_task", taskId=task["id"])
    _, created, deleted = (await ask(hub, "list_events"))["events"]
    assert created == {
        "name": "task.created", "recordId": task["id"], "version": 1, "workspaceId": "default", "at": "2026-01-01T00:00:00.000Z",
        "state": "submitted", "generation": 1, "by": "ann", "cursor": 2,
    }  # fmt: skip
    assert (deleted["name"], deleted["version"], deleted["by"], deleted["cursor"]) == ("task.deleted", 1, "local", 3)


async def test_events_are_listed_in_order_beyond_a_cursor_and_filtered(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    agent = await new_agent(hub)
    tasks = [await new_task(hub, workspaceId=workspace) for workspace in ("default", "v", "default")]
    everything = await listed(hub)
    assert everything == [
        ("workspace.created", "default"), ("workspace.created", "v"), ("agent.created", agent), *(("task.created", task) for task in tasks),
    ]  # fmt: skip
    assert await listed(hub, after=3) == everything[3:]
    assert await listed(hub, workspaceId="v") == [everything[1], everything[4]]
    assert await listed(hub, kinds=["agent", "task"], workspaceId="default") == [everything[2], everything[3], everything[5]]
    assert await listed(hub, recordId=tasks[1]) == [everything[4]]
    page = await ask(hub, "list_events", limit=2)
    assert ([event["cursor"] for event in page["events"]], page["cursor"]) == ([1, 2], 2)
    assert (await ask(hub, "list_events", kinds=["note"]))["cursor"] == 6
    assert (await ask(hub, "list_events", after=10**15)) == {"events": [], "cursor": 10**15}
    assert isinstance(await refusal(ask(hub, "list_events", after=-1)), Invalid)


async def drain(hub: Hub, subscription: Json, **options: int) -> Json:
    return await ask(hub, "drain_events", subscriptionId=subscription["id"], **options)


async def test_a_subscription_gives_its_events_again_until_they_are_acknowledged(hub: Hub) -> None:
    agent = await new_agent(hub)
    await new_task(hub)
    subscription = await ask(hub, "subscribe_to_events", agentId=agent, kinds=["task"])
    assert (await drain(hub, subscription))["events"] == []
    ids = [await new_task(hub) for _ in range(5)]
    for _ in range(2):
        first = await drain(hub, subscription, limit=3)
        assert [event["recordId"] for event in first["events"]] == ids[:3]
    second = await drain(hub, subscription, acknowledged=first["cursor"])
    assert [event["recordId"] for event in second["events"]] == ids[3:]
    assert await drain(hub, subscription) == second
    again = await drain(hub, subscription, acknowledged=first["cursor"] - 2)
    assert again == second
    assert (await drain(hub, subscription, acknowledged=second["cursor"]))["events"] == []
    last = await new_task(hub)
    assert [event["recordId"] for event in (await drain(hub, subscription))["events"]] == [last]


async def test_what_has_not_happened_yet_cannot_be_acknowledged(hub: Hub) -> None:
    subscription = await ask(hub, "subscribe_to_events", agentId=await new_agent(hub), kinds=["task"])
    error = await refusal(ask(hub, "drain_events", subscriptionId=subscription["id"], acknowledged=1_000))
    assert isinstance(error, Invalid)
    made = await new_task(hub)
    assert [event["recordId"] for event in (await drain(hub, subscription))["events"]] == [made]


async def test_a_subscription_drained_by_many_while_others_write_gives_everything_at_least_once(hub: Hub) -> None:
    subscription = await ask(hub, "subscribe_to_events", agentId=await new_agent(hub), kinds=["task"])
    seen: set[str] = set()
    written = asyncio.Event()

    async def read() -> None:
        cursor = None
        while True:
            over = written.is_set()
            page = await drain(hub, subscription, limit=7, **({} if cursor is None else {"acknowledged": cursor}))
            seen.update(event["recordId"] for event in page["events"])
            cursor = page["cursor"]
            if over and not page["events"]:
                return
            await asyncio.sleep(0)

    async def write() -> list[str]:
        ids = [await new_task(hub) for _ in range(40)]
        written.set()
        return ids

    with anyio.fail_after(20):
        *_, ids = await asyncio.gather(read(), read(), write())
    assert seen == set(ids)


@on_memory
async def test_a_subscription_begins_where_it_is_asked_to(hub: Hub) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    subscription = await ask(hub, "subscribe_to_events", agentId=agent, after=0, recordId=task_id)
    assert [event["name"] for event in (await drain(hub, subscription))["events"]] == ["task.created"]


@on_memory
async def test_a_subscription_ends_when_it_is_ended(hub: Hub) -> None:
    agent = await new_agent(hub)
    subscription = await ask(hub, "subscribe_to_events", agentId=agent)
    await ask(hub, "unsubscribe_from_events", subscriptionId=subscription["id"])
    assert isinstance(await refusal(drain(hub, subscription)), NotFound)
    assert isinstance(await refusal(ask(hub, "subscribe_to_events", agentId="nobody")), NotFound)
    assert isinstance(await refusal(ask(hub, "subscribe_to_events", agentId=agent, workspaceId="nowhere")), NotFound)


async def test_followers_see_every_event_of_their_tenant_once_in_order_while_it_happens(hub: Hub) -> None:
    acme, other = Caller(tenant="acme"), Caller(tenant="other")

    async def follow(caller: Caller, filter_: Filter, count: int) -> list[int]:
        seen: list[int] = []
        async for page in hub.follow(caller, 0, filter_, patience=5):
            seen += [event.cursor for event in page.events]
            if len(seen) >= count:
                break
        return seen

    async def write(caller: Caller) -> None:
        for at in range(60):
            await ask(hub, "create_task", caller, title=f"{at}", objective="o")

    with anyio.fail_after(30):
        whole, tasks, others, *_ = await asyncio.gather(
            follow(acme, Filter(), 121), follow(acme, Filter(kinds=("task",)), 120), follow(other, Filter(kinds=("task",)), 60),
            write(acme), write(acme), write(other),
        )  # fmt: skip
    assert len(whole) == 121
    assert whole == sorted(set(whole))
    assert set(tasks) < set(whole)
    assert not set(others) & set(whole)
    assert len(others) == 60


@pytest.mark.parametrize("filter_", [Filter(), Filter(kinds=("note",))])
async def test_a_follower_of_silence_gets_an_empty_page_that_says_where_it_is(hub: Hub, filter_: Filter) -> None:
    await new_task(hub)
    with anyio.fail_after(5):
        async for page in hub.follow(Caller(), 2, filter_, patience=0.01):
            assert page == ((), 2) or (list(page.events), page.cursor) == ([], 2)
            break


async def test_a_follower_that_comes_back_goes_on_where_it_was(hub: Hub) -> None:
    for _ in range(3):
        await new_task(hub)
    seen: list[int] = []
    with anyio.fail_after(5):
        for at in range(2):
            async for page in hub.follow(Caller(), seen[-1] if seen else 0, Filter(), patience=5):
                seen += [event.cursor for event in page.events]
                break
            if not at:
                await new_task(hub)
    assert seen == [1, 2, 3, 4, 5]
