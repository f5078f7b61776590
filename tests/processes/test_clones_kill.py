"""A hub that is killed in the middle of a clone: the next one brings it, and nothing half done is ever where it belongs."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import anyio
import pytest

from tests.git_servers import GitServer, serving_git
from tests.processes.hubs import Node, serving
from tests.repositories import new_repository


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    new_repository(tmp_path / "served" / "ada" / "engine").commit("Noise", {"noise": Random(1).randbytes(400_000)})
    async with serving_git(tmp_path / "served") as serving_:
        yield serving_


async def finished(node: Node, clone_id: str) -> dict[str, object]:
    clone: dict[str, object] = await node.ask("get_clone", cloneId=clone_id)
    async for event in node.events(0):
        if event["name"] == "clone.completed":
            clone = await node.ask("get_clone", cloneId=clone_id)
            break
    return clone


async def test_the_next_hub_finishes_what_a_killed_one_was_cloning(server: GitServer, tmp_path: Path) -> None:
    database, environment = f"sqlite:{tmp_path / 'hub.db'}", {"XDG_DATA_HOME": str(tmp_path / "data")}
    folder = tmp_path / "data" / "trivium" / "repositories"
    server.pause()
    with anyio.fail_after(60):
        async with serving(database, lease=1, **environment) as node:
            begun = await node.ask("clone_repository", url=f"{server.url}/ada/engine")
            await server.paused.wait()
            node.process.send_signal(signal.SIGKILL)
            await node.process.wait()
        assert [one.name for one in folder.iterdir()] == [f".{begun['id']}.1"]
        server.flowing.set()
        async with serving(database, lease=1, **environment) as node:
            clone = await finished(node, begun["id"])
    assert clone["success"] is True
    assert clone["path"] == str(folder / begun["id"])
    assert [one.name for one in folder.iterdir()] == [begun["id"]]
    assert (folder / begun["id"] / "noise").stat().st_size == 400_000
