"""Clones: what may be cloned, what git brings, and what becomes of a clone whose worker stops or dies. From a real server, by real git."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest

from hub.access import LOCAL, READ, WRITE, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain.clones import Clone, source_of
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused
from hub.operations import clone_claims
from hub.ports import HubStore, Json
from hub.work import worker as working
from hub.work.clones import Clones
from hub.work.worker import Worker
from stores.git.repositories import GitRepositories
from tests.core.support import ask, kinds, names_of_events, on_memory, refusal
from tests.git_servers import GitServer, serving_git
from tests.repositories import Tree, new_repository, new_tree

PATIENCE = 20.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    """With `ada/engine`, a repository of some size."""
    tree = new_repository(tmp_path / "served" / "ada" / "engine")
    tree.commit("Steam", {"engine.txt": "Turn\n", "noise": Random(1).randbytes(400_000)})
    async with serving_git(tmp_path / "served") as serving:
        yield serving


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def hub_of(store: HubStore, data: Path, reach: Reach = "all") -> Hub:
    return Hub(store, reach=reach, repositories=GitRepositories(os.environ, (), data / "sessions"))


@pytest.fixture
def hub(store: HubStore, data: Path) -> Hub:
    return hub_of(store, data)


@asynccontextmanager
async def cloning(hub: Hub, lease: float = 30, tenant: str = "local") -> AsyncIterator[Worker]:
    worker = Worker(hub, (), tenant=tenant, listeners=[Clones(hub, tenant=tenant, lease_seconds=lease)])
    await worker.start()
    try:
        with anyio.fail_after(PATIENCE):
            yield worker
    finally:
        await worker.aclose()


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker without agents looks at the log at once."""
    monkeypatch.setattr(working, "IDLE", 0.01)


async def clone(hub: Hub, url: str, *caller: Caller, seconds: float = 15) -> Json:
    return await ask(hub, "clone_repository", *caller, url=url, timeoutSeconds=seconds)


def left(data: Path) -> list[str]:
    """What lies where clones belong."""
    return sorted(one.name for one in (data / "repositories").glob("*")) if (data / "repositories").exists() else []


async def progress(hub: Hub) -> list[Json]:
    events = (await ask(hub, "list_events", kinds=["clone"], limit=500))["events"]
    return [event["data"] for event in events if event["name"] == "clone.progressed"]


async def test_a_repository_is_cloned_whole_and_listed(hub: Hub, server: GitServer, data: Path) -> None:
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/engine")
    path = data / "repositories" / made["id"]
    assert made == {
        "id": made["id"], "success": True, "name": "ada/engine", "url": f"{server.url}/ada/engine", "status": "completed",
        "path": str(path), "branch": "main", "branches": ["main"], "existed": False,
    }  # fmt: skip
    assert (path / "engine.txt").read_text() == "Turn\n"
    assert left(data) == [made["id"]]
    (path / "new.txt").write_text("new")
    [listed] = (await ask(hub, "list_clones"))["repos"]
    status = {"clean": False, "ahead": 0, "behind": 0, "modified": 0, "untracked": 1}
    about = {name: made[name] for name in ("id", "name", "url", "path", "branch", "branches")}
    assert listed == about | {"dirName": made["id"], "status": status}


@on_memory
async def test_it_is_told_how_far_it_is_in_order_and_not_too_often(hub: Hub, server: GitServer) -> None:
    server.pause()
    async with cloning(hub):
        begun = await clone(hub, f"{server.url}/ada/engine", seconds=0)
        assert (begun["success"], begun["status"], begun["phase"]) == (False, "running", "starting")
        assert "clone_repository" in begun["next"]
        await server.paused.wait()
        still = await clone(hub, f"{server.url}/ada/engine", seconds=0.6)
        assert (still["status"], still["success"]) == ("running", False)
        server.flowing.set()
        await clone(hub, f"{server.url}/ada/engine")
    told = await progress(hub)
    phases = ["starting", "counting", "compressing", "receiving", "resolving", "writing"]
    order = [phases.index(one["phase"]) for one in told]
    assert order == sorted(order)
    assert all(0 <= one["percent"] <= 100 for one in told)
    assert 1 <= len(told) <= 6
    assert [one for one in await names_of_events(hub, kinds=["clone"]) if one != "clone.progressed"] == ["clone.started", "clone.completed"]


async def test_a_repository_that_is_asked_for_many_times_at_once_is_cloned_once(hub: Hub, server: GitServer, data: Path) -> None:
    server.pause()
    async with cloning(hub), cloning(hub_of(hub.store, data)):
        asking = [asyncio.create_task(clone(hub, f"{server.url}/ada/engine")) for _ in range(5)]
        await server.paused.wait()
        server.flowing.set()
        made = await asyncio.gather(*asking)
    assert all(one == made[0] for one in made)
    assert server.packs == 1
    assert (await names_of_events(hub, kinds=["clone"])).count("clone.completed") == 1


async def test_one_that_is_there_is_fetched_and_its_working_tree_left_alone(hub: Hub, server: GitServer) -> None:
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/engine")
        (Path(made["path"]) / "engine.txt").write_text("mine")
        newest = Tree(server.root / "ada" / "engine").commit("More", {"more.txt": "More\n"})
        server.pause()
        server.paused.clear()
        assert (await clone(hub, f"{server.url}/ada/engine/", seconds=0))["status"] == "running"
        await server.paused.wait()
        assert [one["path"] for one in (await ask(hub, "list_clones"))["repos"]] == [made["path"]]
        server.flowing.set()
        again = await clone(hub, f"{server.url}/ada/engine/")
    assert again == made | {"existed": True}
    assert Tree(Path(made["path"])).git("rev-parse", "origin/main") == newest
    assert (Path(made["path"]) / "engine.txt").read_text() == "mine"
    assert (await ask(hub, "get_branches", repoPath=made["path"]))["status"] == {"ahead": 0, "behind": 1, "hasUncommittedChanges": True}


@on_memory
async def test_one_that_is_there_is_there_also_when_its_server_is_gone(hub: Hub, server: GitServer) -> None:
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/engine")
        (server.root / "ada").rename(server.root / "eve")
        assert await clone(hub, f"{server.url}/ada/engine") == made | {"existed": True}
    assert "was not fetched" in (await progress(hub))[-1]["message"]


@on_memory
async def test_a_repository_without_a_commit_is_cloned_too(hub: Hub, server: GitServer) -> None:
    new_tree(server.root / "ada" / "empty")
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/empty")
    assert (made["success"], made["branch"], made["branches"]) == (True, "main", [])


@on_memory
async def test_one_that_was_taken_away_is_no_longer_listed_and_cloned_anew(hub: Hub, server: GitServer, data: Path) -> None:
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/engine")
        Path(made["path"]).rename(data / "elsewhere")
        assert (await ask(hub, "list_clones"))["repos"] == []
        gone = await ask(hub, "get_clone", cloneId=made["id"])
        assert (gone["success"], "path" in gone) == (False, False)
        assert "clone_repository" in gone["error"]
        assert await clone(hub, f"{server.url}/ada/engine") == made


@on_memory
async def test_what_lies_in_its_place_and_is_something_else_stays(hub: Hub, server: GitServer, data: Path) -> None:
    url = f"{server.url}/ada/engine"
    other = new_repository(data / "repositories" / source_of(url).id)
    async with cloning(hub):
        error = await refusal(clone(hub, url))
    assert isinstance(error, Refused)
    assert "Something else lies" in error.message
    assert other.git("branch", "--show-current") == "main"


@on_memory
async def test_a_clone_that_fails_says_why_and_leaves_nothing(hub: Hub, server: GitServer, data: Path) -> None:
    async with cloning(hub):
        error = await refusal(clone(hub, f"{server.url}/ada/nothing"))
        assert isinstance(error, Refused)
        assert error.message.startswith("There is no repository ada/nothing at 127.0.0.1")
        id_ = error.details["cloneId"]
        assert (await ask(hub, "get_clone", cloneId=id_))["error"] == error.message
        assert left(data) == []
        new_repository(server.root / "ada" / "nothing")
        assert (await clone(hub, f"{server.url}/ada/nothing"))["success"] is True
    silent = await refusal(_cloned_from_nobody(hub))
    assert "does not answer" in silent.message


async def _cloned_from_nobody(hub: Hub) -> Json:
    async with cloning(hub):
        return await clone(hub, "http://127.0.0.1:1/ada/engine")


async def test_a_clone_that_is_cancelled_leaves_nothing_and_can_be_begun_again_at_once(hub: Hub, server: GitServer, data: Path) -> None:
    server.pause()
    async with cloning(hub):
        begun = await clone(hub, f"{server.url}/ada/engine", seconds=0)
        await server.paused.wait()
        assert left(data) == [f".{begun['id']}.1"]
        cancelled = await ask(hub, "cancel_clone", cloneId=begun["id"])
        assert (cancelled["status"], cancelled["success"]) == ("failed", False)
        server.flowing.set()
        assert (await clone(hub, f"{server.url}/ada/engine"))["existed"] is False
        assert left(data) == [begun["id"]]
        assert (await ask(hub, "cancel_clone", cloneId=begun["id"]))["success"] is True


async def test_a_worker_that_stops_leaves_its_clone_to_another_at_once(hub: Hub, server: GitServer, data: Path) -> None:
    server.pause()
    async with cloning(hub) as first, cloning(hub_of(hub.store, data)):
        begun = await clone(hub, f"{server.url}/ada/engine", seconds=0)
        await server.paused.wait()
        server.flowing.set()
        await first.aclose()
        assert (await clone(hub, f"{server.url}/ada/engine"))["success"] is True
    assert left(data) == [begun["id"]]


@on_memory
async def test_a_worker_that_comes_back_after_its_lease_has_run_out_finds_that_its_clone_is_anothers(
    hub: Hub, server: GitServer, data: Path, store: HubStore
) -> None:
    """As if a process was killed, or stood still: nothing was released, and what it left lies there."""
    url = f"{server.url}/ada/engine"
    begun = await clone(hub, url, seconds=0)
    dead = Hub(store, operations=clone_claims.OPERATIONS)
    claimed = await ask(dead, "claim_clone", cloneId=begun["id"], worker="dead", leaseSeconds=0.01)
    beside = data / "repositories" / f".{begun['id']}.{claimed['leaseCount']}"
    beside.mkdir(parents=True)
    (beside / "half").touch()
    async with cloning(hub, lease=0.3):
        assert (await clone(hub, url))["success"] is True
    assert left(data) == [begun["id"]]
    late = await refusal(ask(dead, "end_clone", cloneId=begun["id"], number=claimed["leaseCount"], error="late"))
    assert isinstance(late, Refused)
    stored = await store.get("local", Clone, begun["id"])
    assert stored
    assert (stored.status, stored.lease_count) == ("completed", 2)


@on_memory
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc", "/etc", "../repository", "ext::sh -c touch% pwned", "git://example.com/a/b", "-oProxyCommand=x", "--upload-pack=x",
        "ssh://-oProxyCommand=x/a/b", "git@-oProxyCommand=x:a/b", "https://ada:secret@example.com/a/b", "https://ada@example.com/a/b",
        "https://example.com/../../etc", "https://example.com/-x/y", "https://example.com/a b", "https://example.com:0/a", "https:///a/b",
        "https://github.com/ada", "ftp://example.com/a/b", "fd::17", "https://example.com/a\nb", "https://exa mple.com/a", "\0", " ",
    ],
)  # fmt: skip
async def test_what_is_no_address_of_a_repository_is_refused_before_anything_is_asked(hub: Hub, url: str) -> None:
    error = await refusal(clone(hub, url))
    assert isinstance(error, Invalid)
    assert "secret" not in error.message
    assert await names_of_events(hub, kinds=["clone"]) == []


@pytest.mark.parametrize(
    ("given", "url", "id_"),
    [
        ("Ada/Engine", "https://github.com/Ada/Engine.git", "ada--engine"),
        ("github.com/ada/engine", "https://github.com/ada/engine.git", "ada--engine"),
        ("http://www.github.com/ada/engine/tree/main#readme", "https://github.com/ada/engine.git", "ada--engine"),
        ("git@github.com:ada/engine.git", "git@github.com:ada/engine.git", "ada--engine"),
        ("ssh://git@example.com:2222/~ada/engine.git", "ssh://git@example.com:2222/~ada/engine.git", None),
        (" https://Example.com/group/sub/engine.git ", "https://example.com/group/sub/engine.git", None),
        ("https://[::1]:8443/engine", "https://[::1]:8443/engine", None),
    ],
)
def test_an_address_is_understood_as_people_write_it(given: str, url: str, id_: str | None) -> None:
    source = source_of(given)
    assert source.url == url
    assert source.id == (id_ or source.id)
    assert "/" not in source.id
    assert not source.id.startswith(("-", "."))


@on_memory
@pytest.mark.parametrize(
    ("reach", "url"),
    [
        ("none", "ada/engine"), ("public", "https://127.0.0.1/a/b"), ("public", "https://10.0.0.1/a/b"), ("public", "https://[::1]/a/b"),
        ("public", "https://localhost/a/b"), ("public", "git@192.168.0.1:a/b"), ("public", "http://example.com/a/b"),
        ("all", "https://169.254.169.254/a/b"), ("public", "https://printer.local/a/b"),
    ],
)  # fmt: skip
async def test_a_host_that_this_hub_does_not_call_is_not_cloned_from(store: HubStore, data: Path, reach: Reach, url: str) -> None:
    hub = hub_of(store, data, reach)
    assert isinstance(await refusal(clone(hub, url)), Forbidden)
    assert await names_of_events(hub, kinds=["clone"]) == []


@on_memory
async def test_a_name_that_stands_for_a_private_address_is_found_out_by_whoever_connects(
    store: HubStore, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolved(self: object, host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", ("203.0.114.7", port)), (2, 1, 6, "", ("127.0.0.1", port))]

    hub = hub_of(store, data, "public")
    async with cloning(hub):
        monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", resolved)
        error = await refusal(clone(hub, "https://rebound.example.com/a/b"))
    assert "rebound.example.com: its address is one that this hub does not call" in error.message
    assert left(data) == []


@on_memory
async def test_git_goes_nowhere_but_to_the_server_that_was_named(store: HubStore, data: Path, tmp_path: Path) -> None:
    (fake := tmp_path / "git").write_text(f'#!/bin/sh\n{{ echo "$@"; env; }} >> {tmp_path}/said; exit 1\n')
    fake.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/home/ada", "TRIVIUM_TOKEN": "secret"}
    hub = Hub(store, reach="public", repositories=GitRepositories(environ, (), data / "sessions"))
    other = Caller(tenant="other")
    async with cloning(hub), cloning(hub, tenant="other"):
        for caller in (LOCAL, other):
            await refusal(clone(hub, "https://192.0.66.2/a/b", caller))
    mine, theirs = ("-c protocol" + one for one in (tmp_path / "said").read_text().split("-c protocol")[1:])
    for said in (mine, theirs):
        assert "-c http.followRedirects=false" in said
        assert "-c http.curloptResolve=192.0.66.2:443:192.0.66.2 " in said
        assert "GIT_LFS_SKIP_SMUDGE=1\n" in said
        assert "secret" not in said
        assert "GIT_TERMINAL_PROMPT=0\n" in said
    assert "GIT_ALLOW_PROTOCOL=https:ssh\n" in mine
    assert "HOME=/home/ada\n" in mine
    assert "GIT_ALLOW_PROTOCOL=https\n" in theirs
    assert "-c credential.helper= clone" in theirs
    assert "HOME=/dev/null\n" in theirs
    assert "GIT_CONFIG_GLOBAL=/dev/null\n" in theirs


@on_memory
async def test_another_tenant_has_clones_of_its_own_and_nothing_of_the_logins_of_whoever_runs_the_hub(
    hub: Hub, server: GitServer, data: Path
) -> None:
    other = Caller(tenant="other/one")
    assert isinstance(await refusal(clone(hub, "git@example.com:a/b", other)), Forbidden)
    async with cloning(hub), cloning(hub, tenant=other.tenant):
        mine, theirs = await clone(hub, f"{server.url}/ada/engine"), await clone(hub, f"{server.url}/ada/engine", other)
    assert theirs["path"] == str(data / "sessions" / "other%2Fone" / "repositories" / mine["id"])
    assert theirs["existed"] is False
    assert [one["path"] for one in (await ask(hub, "list_clones", other))["repos"]] == [theirs["path"]]
    assert isinstance(await refusal(ask(hub, "get_branches", other, repoPath=mine["path"])), Refused)


@on_memory
async def test_clones_lie_where_agents_may_work(store: HubStore, server: GitServer, data: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "projects"
    hub = Hub(store, repositories=GitRepositories(os.environ, (allowed,), data / "sessions"))
    async with cloning(hub):
        made = await clone(hub, f"{server.url}/ada/engine")
    assert made["path"] == str(allowed / "repositories" / made["id"])


@on_memory
async def test_cloning_is_for_those_who_may_have_the_hub_call_others(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({READ, WRITE}))
    assert isinstance(await refusal(clone(hub, "ada/engine", agent)), Forbidden)
    assert (await ask(hub, "list_clones", agent))["repos"] == []
    cloner = Caller(subject="cloner", grants=frozenset({"clones.write"}))
    assert (await clone(hub, "ada/engine", cloner, seconds=0))["status"] == "running"


@on_memory
async def test_a_clone_that_is_not_there_is_not_found(hub: Hub) -> None:
    for operation in ("get_clone", "cancel_clone"):
        assert isinstance(await refusal(ask(hub, operation, cloneId="nothing")), NotFound)


@on_memory
async def test_a_hub_without_access_to_files_clones_nothing(store: HubStore) -> None:
    assert await kinds([clone(Hub(store), "ada/engine")]) == ["conflict"]
