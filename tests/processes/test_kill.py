"""A hub that is killed in the middle of its work loses nothing that it acknowledged, and leaves nothing half done."""

import asyncio
import signal

import anyio
import orjson
import pytest

from hub.access import LOCAL_TENANT
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Find, HubStore, Logged
from tests.conftest import open_database
from tests.processes.nodes import writing

KILLS = 20
WRITERS = 64
pytestmark = pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)


async def killed_while_writing(database: str, name: str, after: int) -> set[str]:
    """The ids that the process acknowledged before it was killed; at least so many."""
    async with writing(database, name, WRITERS, 1_000_000) as process:
        assert process.stdout
        acknowledged = [await process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        acknowledged += (await process.stdout.read()).splitlines(keepends=True)
        assert await process.wait() == -signal.SIGKILL
    return {line.decode().strip() for line in acknowledged if line.endswith(b"\n")}


async def every_task(store: HubStore) -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    while bodies := await store.find(LOCAL_TENANT, Find(Task, after=max(tasks, default=""), limit=5000)):
        tasks |= {task.id: task for task in map(Task.model_validate_json, bodies)}
    return tasks


async def read_on(store: HubStore, seen: list[Logged]) -> None:
    """What a follower reads that comes back to its cursor."""
    cursor = seen[-1].cursor if seen else 0
    while (page := await store.after(cursor, LOCAL_TENANT, EVERY_EVENT, 1000)).cursor > cursor:
        seen += page.events
        cursor = page.cursor


async def quiet(store: HubStore, seen: list[Logged]) -> dict[str, Task]:
    """The tasks and the log at one moment: a killed hub's last calls may still be under way in the server."""
    while True:
        await read_on(store, seen)
        tasks = await every_task(store)
        if await store.latest() == len(seen):
            return tasks


async def test_a_hub_killed_twenty_times_keeps_every_acknowledged_write_whole(database: str) -> None:
    acknowledged: set[str] = set()
    seen: list[Logged] = []
    with anyio.fail_after(60):
        for round_ in range(KILLS):
            acknowledged |= await killed_while_writing(database, f"round {round_}", 100 + 37 * round_ % 300)
            store = await open_database(database)
            tasks = await quiet(store, seen)
            await store.close()
            assert acknowledged <= tasks.keys()
            assert [event.cursor for event in seen] == list(range(1, len(seen) + 1))
            created = [orjson.loads(event.body)["recordId"] for event in seen if event.name == "task.created"]
            assert len(created) == len(set(created))
            assert set(created) == tasks.keys()
    assert len(acknowledged) > KILLS * 100


async def test_a_node_that_is_killed_does_not_hold_up_the_others(database: str) -> None:
    store = await open_database(database)
    seen: list[Logged] = []

    async def follow() -> None:
        while True:
            await read_on(store, seen)
            await store.beyond(seen[-1].cursor if seen else 0, 5)

    with anyio.fail_after(60):
        following = asyncio.create_task(follow())
        async with writing(database, "survivor", 8, 300) as survivor:
            for at in range(3):
                await killed_while_writing(database, f"victim {at}", 200)
            out, _ = await survivor.communicate()
        assert survivor.returncode == 0
        assert len(out.splitlines()) == 2400
        while len([event for event in seen if event.name == "task.created"]) < len(await every_task(store)):
            await store.beyond(seen[-1].cursor if seen else 0, 0.1)
        following.cancel()
    assert {line.decode() for line in out.splitlines()} <= (await every_task(store)).keys()
    assert [event.cursor for event in seen] == list(range(1, len(seen) + 1))
    await store.close()
