"""Several hubs over one database."""

import asyncio

import anyio
import pytest

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.tasks import Task
from hub.ports import Find, Logged
from tests.conftest import open_database
from tests.core.support import ask
from tests.processes.nodes import follow, writing


@pytest.mark.parametrize(("store_kind", "count"), [("postgres", 2000), ("sqlite", 400)], indirect=["store_kind"])
async def test_two_nodes_write_and_two_followers_see_every_event_once_in_one_order(database: str, count: int) -> None:
    """Eight writers, four in each process, who write `count` events each."""
    stores = [await open_database(database), await open_database(database)]
    await ask(Hub(stores[0]), "get_workspace")
    total = 1 + 2 * 4 * count
    seen: list[list[Logged]] = [[], []]
    with anyio.fail_after(60):
        async with writing(database, "a", 4, count) as a, writing(database, "b", 4, count) as b:
            following = asyncio.gather(*(follow(store, events, total) for store, events in zip(stores, seen, strict=True)))
            (first, _), (second, _) = await asyncio.gather(a.communicate(), b.communicate())
            await following
            assert (a.returncode, b.returncode) == (0, 0)
    assert seen[0] == seen[1]
    assert [event.cursor for event in seen[0]] == list(range(1, total + 1))
    acknowledged = {line.decode() for line in (first + second).splitlines()}
    assert len(acknowledged) == 2 * 4 * count
    names = {Task.model_validate_json(body).title.partition("-")[0] for body in await stores[0].find(LOCAL_TENANT, Find(Task, limit=total))}
    assert names == {"a", "b"}
    for store in stores:
        await store.close()
