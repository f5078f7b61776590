"""Cloning as the web frontend does it: a stream of progress, an answer once it is there, and errors that it shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import anyio
import pytest
from aiohttp import ClientResponse

from hub.app import Hub
from hub.ports import Json
from hub.work import worker as working
from hub.work.clones import Clones
from hub.work.worker import Worker
from protocols.rest.tables import clones as rows
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.git_servers import GitServer, serving_git
from tests.protocols.conftest import Http, serving
from tests.protocols.sse import Frame, Stream
from tests.protocols.test_rest import answered
from tests.repositories import new_repository, repositories


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    new_repository(tmp_path / "served" / "ada" / "engine").commit("Noise", {"noise": Random(1).randbytes(400_000)})
    async with serving_git(tmp_path / "served") as serving_:
        yield serving_


@pytest.fixture
async def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """With a worker that clones."""
    monkeypatch.setattr(working, "IDLE", 0.01)
    hub = Hub(MemoryStore(), repositories=repositories(tmp_path / "data" / "sessions"))
    worker = Worker(hub, (), listeners=[Clones(hub)])
    await worker.start()
    yield hub
    await worker.aclose()


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


@asynccontextmanager
async def progress(http: Http, url: str) -> AsyncIterator[Stream]:
    async with http.post("/api/clone/progress", json={"url": url}) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Stream(response)


async def rest_of(stream: Stream) -> list[Frame]:
    """Its frames to its end."""
    frames: list[Frame] = []
    with anyio.fail_after(10):
        while True:
            try:
                frame = await stream.frame()
            except EOFError:
                return frames
            if frame.comment is None:
                frames.append(frame)


async def test_the_progress_of_a_clone_comes_in_order_and_ends_with_what_is_there(http: Http, server: GitServer) -> None:
    server.pause()
    url = f"{server.url}/ada/engine"
    async with progress(http, url) as stream, progress(http, url) as other:
        first = await stream.frame()
        assert first.data == {"phase": "starting", "percent": 0, "message": "Waiting for its turn"}
        await server.paused.wait()
        server.flowing.set()
        frames, others = await rest_of(stream), await rest_of(other)
    cursors = [frame.cursor for frame in frames]
    assert cursors == sorted(set(cursors))
    assert all(frame.data.keys() == {"phase", "percent", "message"} for frame in frames[:-1])
    done = frames[-1].data
    assert (done["phase"], done["success"], done["name"], done["branch"], done["branches"]) == (
        "done",
        True,
        "ada/engine",
        "main",
        ["main"],
    )
    assert (done["existed"], Path(done["path"], "noise").stat().st_size) == (False, 400_000)
    assert others[-1].data == done
    assert server.packs == 1
    async with progress(http, url) as again:
        assert (await rest_of(again))[-1].data == done | {"existed": True}


async def test_a_clone_that_fails_ends_its_stream_with_the_reason(hub: Hub, http: Http, server: GitServer) -> None:
    async with progress(http, f"{server.url}/ada/nothing") as stream:
        last = (await rest_of(stream))[-1].data
    why = "There is no repository ada/nothing at 127.0.0.1, or it is private. Look at the address."
    assert last == {"phase": "error", "success": False, "error": why}
    status, answer = await answered(http, "POST", "/clone", {"url": f"{server.url}/ada/nothing"})
    assert (status, answer["error"]) == (409, why)
    server.pause()
    async with progress(http, f"{server.url}/ada/engine") as stream:
        await server.paused.wait()
        [clone_id] = {one["recordId"] for one in (await ask(hub, "list_events", kinds=["clone"], limit=500))["events"][-1:]}
        await ask(hub, "cancel_clone", cloneId=clone_id)
        assert (await rest_of(stream))[-1].data["phase"] == "error"


async def test_a_clone_goes_on_when_its_listener_leaves(hub: Hub, http: Http, server: GitServer) -> None:
    server.pause()
    async with progress(http, f"{server.url}/ada/engine") as stream:
        await stream.frame()
        await server.paused.wait()
    server.flowing.set()
    status, answer = await answered(http, "POST", "/clone", {"url": f"{server.url}/ada/engine"})
    assert (status, answer["success"]) == (200, True)
    status, listed = await answered(http, "GET", "/clone")
    assert [(one["name"], one["dirName"], one["status"]["clean"]) for one in listed["repos"]] == [("ada/engine", answer["id"], True)]


async def test_one_who_does_not_want_to_wait_longer_is_told_how_it_stands(http: Http, server: GitServer) -> None:
    [row] = [route for route in rows.ROUTES if route.operation == "clone_repository"]
    assert row.fixed == {"timeoutSeconds": 300}
    server.pause()
    status, answer = await answered(http, "POST", "/clone", {"url": f"{server.url}/ada/engine", "timeoutSeconds": 0.2})
    assert (status, answer["success"], answer["status"]) == (200, False, "running")
    assert "path" not in answer


@pytest.mark.parametrize("path", ["/api/clone", "/api/clone/progress"])
@pytest.mark.parametrize("body", [{}, {"url": ""}, {"url": 7}, {"url": "file:///etc"}, {"url": "ext::sh"}, {"url": "a/b", "depth": 1}])
async def test_what_cannot_be_cloned_is_refused_before_a_stream_begins(http: Http, path: str, body: Json) -> None:
    async with http.post(path, json=body) as response:
        assert response.status == 400
        assert await _error(response)


async def test_a_stream_needs_a_body_that_is_json(http: Http) -> None:
    for data, headers, status in ((b"{", {"Content-Type": "application/json"}, 400), (b"url=a/b", {"Content-Type": "text/plain"}, 415)):
        async with http.post("/api/clone/progress", data=data, headers=headers) as response:
            assert response.status == status
            assert await _error(response)


async def test_a_checkout_is_not_taken_for_a_reset(http: Http, tmp_path: Path) -> None:
    tree = new_repository(tmp_path / "tree")
    tree.write("README.md", "mine")
    body = {"repoPath": str(tree.path), "branch": "main", "action": "checkout"}
    assert (await answered(http, "PATCH", "/clone/branches", body))[0] == 400
    assert (tree.path / "README.md").read_text() == "mine"


async def test_a_branch_is_deleted_by_a_body_or_a_query(http: Http, tmp_path: Path) -> None:
    tree = new_repository(tmp_path / "tree")
    tree.git("branch", "idea")
    status, answer = await answered(http, "DELETE", "/clone/branches", {"repoPath": str(tree.path), "branch": "feature"})
    assert (status, answer["deletedBranch"], answer["branches"]) == (200, "feature", ["idea", "main"])
    assert (await answered(http, "DELETE", f"/clone/branches?repoPath={tree.path}&branch=idea"))[0] == 200
    status, answer = await answered(http, "DELETE", "/clone/branches", {"repoPath": str(tree.path), "branch": "main"})
    assert (status, answer["kind"]) == (409, "conflict")
    assert (await answered(http, "DELETE", "/clone/branches", {"repoPath": str(tree.path), "branch": "gone"}))[0] == 404


async def _error(response: ClientResponse) -> str:
    return str((await response.json())["error"])
