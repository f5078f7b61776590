"""Codebases over the web API: what its frontend sends, and what it must not reach."""

from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from tests.core.support import ask, new_task
from tests.protocols.conftest import Http
from tests.protocols.test_rest import answered
from tests.repositories import Tree, new_repository


@pytest.fixture
def house(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


async def test_a_codebase_is_added_as_the_frontend_does_it_and_stands_with_its_workspace(http: Http, house: Tree) -> None:
    body = {"repoPath": str(house.path), "branch": "main", "label": "House"}
    status, made = await answered(http, "POST", "/workspaces/default/codebases", body)
    assert (status, made["codebase"]["isDefault"], made["codebase"]["workspaceId"]) == (201, True, "default")
    _, workspace = await answered(http, "GET", "/workspaces/default")
    assert workspace["codebases"] == [made["codebase"]]
    assert (await answered(http, "GET", "/workspaces/default/codebases"))[1] == {"codebases": [made["codebase"]]}
    status, again = await answered(http, "POST", "/workspaces/default/codebases", body)
    assert (status, "already" in again["error"]) == (409, True)


async def test_the_frontend_reads_what_a_task_has_changed(hub: Hub, http: Http, house: Tree) -> None:
    await ask(hub, "create_codebase", repoPath=str(house.path))
    task = await new_task(hub)
    house.write("src/walls.py", "height = 5\nwidth = 4\n")
    house.write("new.txt", "a\nb\n")
    _, answer = await answered(http, "GET", f"/tasks/{task}/changes")
    changes = answer["changes"]
    assert (changes["source"], changes["mode"], changes["status"]["modified"], changes["status"]["untracked"]) == ("repo", "worktree", 1, 1)
    for file in changes["files"]:
        _, diff = await answered(http, "GET", f"/tasks/{task}/changes/file?path={file['path']}&status={file['status']}")
        assert (diff["diff"]["additions"], diff["diff"]["deletions"]) == (file["additions"], file["deletions"])
    _, stats = await answered(http, "GET", f"/tasks/{task}/changes/stats?paths=new.txt,src/walls.py,../x&statuses=untracked,modified")
    assert ([one["additions"] for one in stats["stats"]], stats["requested"], stats["successful"]) == ([2, 1, 0], 3, 2)
    sha = house.git("rev-parse", "HEAD")
    _, commit = await answered(http, "GET", f"/tasks/{task}/changes/commit?sha={sha}&context=full")
    assert (commit["diff"]["sha"], commit["diff"]["additions"], commit["diff"]["deletions"]) == (sha, 1, 1)


async def test_a_commit_is_read_without_its_patch_until_that_is_asked_for(http: Http, house: Tree) -> None:
    house.commit("A long one", {"long.txt": "a line\n" * 200_000})
    url = f"/git/commit?repoPath={house.path}&sha=main"
    _, plain = await answered(http, "GET", url)
    assert plain.keys() == {"commit", "files"}
    _, cut = await answered(http, "GET", f"{url}&patch=true")
    assert (cut["commit"], cut["files"], cut["truncated"]) == (plain["commit"], plain["files"], True)
    assert len(cut["patch"]) <= 1_000_000
    _, whole = await answered(http, "GET", f"{url}~1&patch=true")
    assert whole.keys() == {"commit", "files", "patch"}
    assert "-height = 3\n+height = 4\n" in whole["patch"]


async def test_what_cannot_be_is_refused_with_the_web_apis_codes(hub: Hub, http: Http, house: Tree, tmp_path: Path) -> None:
    house.git("clone", "--quiet", "--bare", str(house.path), str(tmp_path / "bare.git"))
    await ask(hub, "create_codebase", repoPath=str(house.path))
    task, path = await new_task(hub), str(house.path)
    bodies: dict[str, Any] = {"bare": str(tmp_path / "bare.git"), "gone": "/nowhere/at/all", "relative": "house", "plain": str(tmp_path)}
    for name, given in bodies.items():
        status, answer = await answered(http, "POST", "/workspaces/default/codebases", {"repoPath": given})
        assert (status, isinstance(answer["error"], str)) == (400, True), name
    for url, code in (
        (f"/tasks/{task}/changes/file?path=../../etc/passwd&status=untracked", 400), (f"/tasks/{task}/changes/file?status=modified", 400),
        (f"/tasks/{task}/changes/file?path=.git/config&status=untracked", 400), (f"/tasks/{task}/changes/file?path=a&status=odd", 400),
        (f"/tasks/{task}/changes/commit?sha=--help", 400), (f"/tasks/{task}/changes/commit", 400),
        (f"/tasks/{task}/changes/stats?paths={'a,' * 101}a", 400), (f"/tasks/{task}/changes/stats", 400),
        ("/tasks/nothing/changes", 404), ("/tasks/nothing/changes/file?path=a&status=modified", 404),
        ("/git/refs", 400), ("/git/refs?repoPath=/nowhere/at/all", 400), (f"/git/log?repoPath={path}&branches=nothing", 400),
        (f"/git/log?repoPath={path}&limit=0", 400), (f"/git/commit?repoPath={path}&sha=0123456", 400), ("/files/search?q=a", 400),
        ("/files/search?q=a&repoPath=../..", 400), ("/workspaces/nowhere/codebases", 404), ("/workspaces/nowhere/codebases/changes", 404),
    ):  # fmt: skip
        status, answer = await answered(http, "GET", url)
        assert (status, isinstance(answer["error"], str)) == (code, True), url


async def test_deleting_a_codebase_of_another_workspace_is_404(hub: Hub, http: Http, house: Tree) -> None:
    id_ = (await ask(hub, "create_codebase", repoPath=str(house.path)))["id"]
    await ask(hub, "create_workspace", title="Lab", id="lab")
    assert (await answered(http, "DELETE", f"/workspaces/lab/codebases/{id_}"))[0] == 404
    assert (await answered(http, "DELETE", f"/workspaces/default/codebases/{id_}"))[1]["deleted"] is True
    assert (await answered(http, "DELETE", f"/codebases/{id_}"))[0] == 404
