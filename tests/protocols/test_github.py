"""A codebase's issues and pull requests on GitHub: which repository is asked, with whose token, and what is told when it is none."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web import json_response

from hub.access import LOCAL, Caller
from hub.app import Hub
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.protocols.conftest import Http, asking_at, serving
from tests.protocols.test_upstreams import ISSUE, PULL, Server, server
from tests.repositories import Tree, new_repository, repositories

__all__ = ["server"]
SHOWN = {
    "id": "7", "number": 1, "title": "It leaks", "url": "https://github.com/a/b/issues/1", "state": "open", "labels": ["bug"],
    "assignees": ["ada"], "updatedAt": "2026-01-01T00:00:00Z",
}  # fmt: skip
AT = "/api/github/issues?workspaceId=default"


@pytest.fixture
def hub(server: Server) -> Hub:
    """Its operator has a token."""
    server.answer = lambda request: json_response([PULL if "pulls" in request.path else ISSUE])
    upstreams = replace(asking_at(server.url), github_token="t-operator")
    return Hub(MemoryStore(), vault=vault.ephemeral(), repositories=repositories(), upstreams=upstreams)


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "shop")


async def got(http: Http, path: str) -> tuple[int, Any]:
    async with http.get(path) as response:
        return response.status, await response.json()


async def codebase(hub: Hub, tree: Tree, **more: Any) -> str:
    made: str = (await ask(hub, "create_codebase", repoPath=str(tree.path), **more))["id"]
    return made


async def test_the_issues_and_pull_requests_of_the_default_codebase_are_listed(hub: Hub, http: Http, server: Server, tree: Tree) -> None:
    id_ = await codebase(hub, tree, sourceUrl="https://github.com/a/b.git")
    about = {"repo": "a/b", "codebase": {"id": id_, "label": "shop"}}
    assert await got(http, AT) == (200, {**about, "issues": [SHOWN]})
    pull = {**SHOWN, "id": "8", "number": 2, "draft": True, "headRef": "fix", "baseRef": "main"}
    assert await got(http, f"/api/github/pulls?workspaceId=default&codebaseId={id_}&state=closed") == (200, {**about, "pulls": [pull]})
    assert [(path, token) for _, path, token, _ in server.asked] == [
        ("/repos/a/b/issues?state=open&per_page=100", "Bearer t-operator"),
        ("/repos/a/b/pulls?state=closed&per_page=100", "Bearer t-operator"),
    ]  # fmt: skip


async def test_without_an_address_the_repositorys_own_remote_says_which_it_is(hub: Hub, http: Http, tree: Tree) -> None:
    await codebase(hub, tree, label="Shop")
    status, answer = await got(http, AT)
    assert (status, "sourceUrl" in answer["error"]) == (400, True)
    tree.git("remote", "add", "origin", "https://ada:secret@github.com/a/shop.git")
    status, answer = await got(http, AT)
    assert (status, answer["repo"], answer["codebase"]["label"]) == (200, "a/shop", "Shop")


async def test_a_board_asks_with_its_own_token_which_nobody_is_told(hub: Hub, http: Http, server: Server, tree: Tree) -> None:
    await codebase(hub, tree, sourceUrl="git@github.com:a/b.git")
    assert await got(http, "/api/github/access?boardId=board-default") == (200, {"available": True, "source": "env"})
    await ask(hub, "update_board", boardId="board-default", githubToken="t-board")
    assert await got(http, "/api/github/access?boardId=board-default") == (200, {"available": True, "source": "board"})
    assert (await got(http, f"{AT}&boardId=board-default"))[0] == 200
    assert server.asked[-1][2] == "Bearer t-board"
    await ask(hub, "create_workspace", id="lab", title="Lab")
    assert (await got(http, f"{AT}&boardId=board-lab"))[0] == 404
    await ask(hub, "update_board", boardId="board-default", githubToken="t\r\nX-Other: 1")
    status, answer = await got(http, f"{AT}&boardId=board-default")
    assert (status, "X-Other" in str(answer)) == (400, False)


async def test_the_operators_token_is_for_the_hubs_own_tenant(hub: Hub, server: Server) -> None:
    other = Caller(tenant="other")
    assert await ask(hub, "get_github_access", other) == {"available": False, "source": "none"}
    assert await ask(hub, "get_github_access", LOCAL) == {"available": True, "source": "env"}
    server.answer = lambda _: json_response({"tree": [], "truncated": False})
    for caller in (other, LOCAL):
        await ask(hub, "list_skill_catalog", caller, type="github", repo="a/b")
    assert [token for _, _, token, _ in server.asked] == [None, "Bearer t-operator"]


async def test_what_is_not_there_and_what_github_refuses_is_told(hub: Hub, http: Http, server: Server, tree: Tree) -> None:
    assert (await got(http, "/api/github/issues"))[0] == 400
    assert (await got(http, AT))[0] == 404
    await codebase(hub, tree, sourceUrl="https://github.com/a/b")
    assert (await got(http, f"{AT}&codebaseId=nothing"))[0] == 404
    assert (await got(http, f"{AT}&state=merged"))[0] == 400
    server.answer = lambda _: json_response({"message": "API rate limit exceeded"}, status=403)
    assert await got(http, AT) == (
        502, {"error": "GitHub refused with status 403: API rate limit exceeded.", "kind": "upstream", "details": {"status": 403}}
    )  # fmt: skip


async def test_the_hub_makes_no_pull_requests(http: Http) -> None:
    async with http.post("/api/tasks/a/pr-run", json={}) as response:
        assert (response.status, (await response.json())["kind"]) == (501, "unsupported")
