"""Codebases of a workspace, what is changed in them, and what a task has changed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL, READ, WRITE, Caller
from hub.app import Hub
from hub.domain.codebases import Worktree
from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused, Stale
from hub.ports import HubStore
from hub.unit import UnitOfWork
from tests.core.support import ask, kinds, names_of_events, new_task, on_memory, refusal
from tests.repositories import Tree, new_repository, repositories


@pytest.fixture
def hub(store: HubStore, tmp_path: Path) -> Hub:
    return Hub(store, repositories=repositories(tmp_path / "tenants"))


@pytest.fixture
def house(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


async def codebase(hub: Hub, tree: Tree, **fields: Any) -> str:
    return str((await ask(hub, "create_codebase", repoPath=str(tree.path), **fields))["id"])


async def defaults(hub: Hub, workspace_id: str = "default") -> list[str]:
    return [one["id"] for one in (await ask(hub, "list_codebases", workspaceId=workspace_id))["codebases"] if one["isDefault"]]


async def new_worktree(store: HubStore, codebase_id: str, path: Path, **fields: Any) -> str:
    unit = UnitOfWork(store, "local", "2026-01-01T00:00:00.000Z")
    tree = Worktree(
        workspace_id="default", codebase_id=codebase_id, worktree_path=str(path), base_branch="main",
        **{"status": "active", "branch": "task"} | fields,
    )  # fmt: skip
    unit.put(tree)
    await store.commit(unit)
    return tree.id


@on_memory
async def test_a_codebase_is_a_repository_at_its_top_on_the_branch_that_is_checked_out(hub: Hub, house: Tree, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(house.path)
    made = await ask(hub, "create_codebase", repoPath=f"{tmp_path}/link/src", label="House")
    assert (made["repoPath"], made["branch"], made["label"], made["isDefault"]) == (str(house.path), "main", "House", True)
    assert (await ask(hub, "get_codebase", codebaseId=made["id"])) == made
    assert (await ask(hub, "get_workspace_details"))["codebases"] == [made]
    assert "codebase.created" in await names_of_events(hub)
    house.git("switch", "--quiet", "--detach")
    await ask(hub, "create_workspace", title="Lab", id="lab")
    assert "branch" not in await ask(hub, "create_codebase", repoPath=str(house.path), workspaceId="lab")


async def test_a_repository_is_a_codebase_of_a_workspace_once(hub: Hub, house: Tree) -> None:
    made = [ask(hub, "create_codebase", repoPath=str(house.path)) for _ in range(6)]
    assert await kinds(made) == ["conflict"] * 5 + ["ok"]
    error = await refusal(ask(hub, "create_codebase", repoPath=str(house.path / "src")))
    assert isinstance(error, Duplicate)
    assert error.details["codebaseId"] == (await defaults(hub))[0]


async def test_a_workspace_has_one_default_codebase_while_it_has_any(hub: Hub, tmp_path: Path) -> None:
    trees = [new_repository(tmp_path / f"{number}") for number in range(4)]
    made = await asyncio.gather(*(codebase(hub, tree) for tree in trees[:3]))
    assert len(await defaults(hub)) == 1
    last = await codebase(hub, trees[3], isDefault=True)
    assert await defaults(hub) == [last]
    await asyncio.gather(*(ask(hub, "set_default_codebase", codebaseId=one) for one in made))
    assert len(await defaults(hub)) == 1
    await ask(hub, "set_default_codebase", codebaseId=made[0])
    assert await defaults(hub) == [made[0]]
    for count in (3, 2, 1, 0):
        await ask(hub, "delete_codebase", codebaseId=(await defaults(hub))[0])
        assert len(await defaults(hub)) == min(count, 1)


@on_memory
async def test_a_codebase_is_changed_and_null_takes_a_field_away(hub: Hub, house: Tree, tmp_path: Path) -> None:
    id_, shed = await codebase(hub, house, label="House", sourceType="github"), new_repository(tmp_path / "shed")
    new = {"label": None, "branch": "feature", "repoPath": f"{shed.path}/src", "expectedVersion": 1}
    changed = await ask(hub, "update_codebase", codebaseId=id_, **new)
    assert "label" not in changed
    assert (changed["branch"], changed["repoPath"], changed["sourceType"]) == ("feature", str(shed.path), "github")
    assert isinstance(await refusal(ask(hub, "update_codebase", codebaseId=id_, label="x", expectedVersion=1)), Stale)
    assert isinstance(await refusal(ask(hub, "update_codebase", codebaseId=id_, repoPath=str(tmp_path))), Invalid)
    other = await codebase(hub, house)
    assert isinstance(await refusal(ask(hub, "update_codebase", codebaseId=other, repoPath=str(shed.path))), Duplicate)
    assert (await ask(hub, "update_codebase", codebaseId=other, repoPath=str(house.path)))["repoPath"] == str(house.path)


async def test_a_codebase_with_worktrees_stays_where_it_is(hub: Hub, store: HubStore, house: Tree, tmp_path: Path) -> None:
    id_, shed = await codebase(hub, house), new_repository(tmp_path / "shed")
    await new_worktree(store, id_, tmp_path / "trees" / "one", status="error")
    for call in (
        ask(hub, "delete_codebase", codebaseId=id_), ask(hub, "update_codebase", codebaseId=id_, repoPath=str(shed.path)),
    ):  # fmt: skip
        error = await refusal(call)
        assert isinstance(error, Refused)
        assert "delete_worktree" in error.message
    assert house.path.exists()


@on_memory
async def test_a_codebase_is_deleted_from_its_own_workspace_only_and_nothing_on_the_disk_is(hub: Hub, house: Tree) -> None:
    id_ = await codebase(hub, house)
    await ask(hub, "create_workspace", title="Lab", id="lab")
    assert isinstance(await refusal(ask(hub, "delete_codebase", codebaseId=id_, workspaceId="lab")), NotFound)
    await ask(hub, "delete_codebase", codebaseId=id_, workspaceId="default")
    assert (house.path / "README.md").exists()
    assert (await ask(hub, "get_workspace_details"))["codebases"] == []


@on_memory
async def test_a_repository_that_is_gone_does_not_hide_the_others(hub: Hub, house: Tree, tmp_path: Path) -> None:
    shed = new_repository(tmp_path / "shed")
    await codebase(hub, house, label="House")
    await codebase(hub, shed)
    house.write("new.txt", "1\n")
    shed.path.rename(tmp_path / "elsewhere")
    told = (await ask(hub, "list_codebase_changes"))["repos"]
    assert [(one["label"], one["branch"], len(one["files"]), "error" in one) for one in told] == [
        ("House", "main", 1, False), ("shed", "main", 0, True),
    ]  # fmt: skip
    assert told[0]["files"] == [{"path": "new.txt", "status": "untracked", "additions": 1, "deletions": 0, "staged": False}]


@on_memory
async def test_a_task_has_changed_what_is_changed_where_it_works(hub: Hub, store: HubStore, house: Tree, tmp_path: Path) -> None:
    shed = new_repository(tmp_path / "shed")
    first, second = await codebase(hub, house), await codebase(hub, shed, label="Shed")
    house.git("worktree", "add", "--quiet", "-b", "task", str(tmp_path / "tree"), "main")
    tree = Tree(tmp_path / "tree", commits=20)
    worktree = await new_worktree(store, first, tree.path)
    tree.commit("Done", {"src/roof.py": "tiles = 7\n"})
    tree.write("loose.txt", "")

    async def changes(**fields: Any) -> dict[str, Any]:
        task = await new_task(hub, **fields)
        return dict(await ask(hub, "get_task_changes", taskId=task))

    seen = await changes(worktreeId=worktree, codebaseIds=[second])
    assert (seen["source"], seen["mode"], seen["branch"], seen["baseRef"]) == ("worktree", "commits", "task", "main")
    assert (seen["worktreeId"], seen["worktreePath"], seen["repoPath"]) == (worktree, str(tree.path), str(tree.path))
    assert [(one["summary"], one["additions"]) for one in seen["commits"]] == [("Done", 1)]
    assert [one["path"] for one in seen["files"]] == ["loose.txt"]
    seen = await changes(codebaseIds=[second, first])
    assert (seen["source"], seen["mode"], seen["codebaseId"], seen["label"], seen["commits"]) == ("repo", "worktree", second, "Shed", [])
    assert (await changes())["codebaseId"] == first
    assert (await changes(worktreeId="gone"))["codebaseId"] == first
    coming = await new_worktree(store, first, tmp_path / "coming", status="creating", branch="coming")
    assert (await changes(worktreeId=coming))["source"] == "repo"


@on_memory
async def test_where_nothing_can_be_seen_the_changes_say_why_and_a_diff_is_refused(hub: Hub, house: Tree, tmp_path: Path) -> None:
    task = await new_task(hub)
    seen = await ask(hub, "get_task_changes", taskId=task)
    assert (seen["codebaseId"], seen["repoPath"], seen["files"], seen["status"]["clean"]) == ("", "", [], True)
    assert "No repository" in seen["error"]
    for operation, arguments in (
        ("get_task_file_diff", {"path": "a"}), ("get_task_commit_diff", {"sha": "main"}), ("get_task_change_stats", {"paths": ["a"]}),
    ):  # fmt: skip
        assert isinstance(await refusal(ask(hub, operation, taskId=task, **arguments)), Invalid)
    await codebase(hub, house)
    house.path.rename(tmp_path / "elsewhere")
    seen = await ask(hub, "get_task_changes", taskId=task)
    assert (seen["branch"], "no folder" in seen["error"]) == ("main", True)


@on_memory
async def test_files_are_found_by_parts_of_their_names_the_best_first(hub: Hub, house: Tree) -> None:
    for name in ("docs/walls.md", "src/wallpaper.py", "walls/a.py", "w/a/l/ls.txt", "drywalls.txt"):
        house.write(name, "")

    async def found(query: str, **fields: Any) -> list[str]:
        return [one["path"] for one in (await ask(hub, "search_files", repoPath=str(house.path), query=query, **fields))["files"]]

    assert await found("walls") == ["src/walls.py", "docs/walls.md", "drywalls.txt", "walls/a.py", "w/a/l/ls.txt"]
    assert (await found("WALLS.PY"))[0] == "src/walls.py"
    assert await found("wpr") == ["src/wallpaper.py"]
    assert await found("src/w", limit=1) == ["src/walls.py"]
    assert await found("a*") == await found("[^") == await found("nowhere") == []
    assert len(await found("")) == 8
    answer = await ask(hub, "search_files", repoPath=str(house.path), query="walls", limit=1)
    assert (answer["total"], answer["scanned"], answer["query"]) == (5, 8, "walls")
    assert answer["files"][0] == {"path": "src/walls.py", "fullPath": f"{house.path}/src/walls.py", "name": "walls.py", "score": 900}
    assert isinstance(await refusal(ask(hub, "search_files", workspaceId="default", query="x")), Invalid)
    await codebase(hub, house)
    assert (await ask(hub, "search_files", workspaceId="default", query="wpr"))["total"] == 1


@on_memory
async def test_grants_open_looking_and_changing_apart(hub: Hub, house: Tree) -> None:
    reader, path = Caller(subject="reader", grants=frozenset({READ})), str(house.path)
    await ask(hub, "list_git_refs", reader, repoPath=path)
    assert isinstance(await refusal(ask(hub, "create_codebase", reader, repoPath=path)), Forbidden)
    await ask(hub, "create_codebase", Caller(subject="writer", grants=frozenset({WRITE})), repoPath=path)
    for operation in ("list_git_refs", "list_git_commits", "search_files"):
        error = await refusal(ask(hub, operation, Caller(grants=frozenset({"tasks.read"})), repoPath=path))
        assert isinstance(error, Forbidden)


@on_memory
async def test_another_tenant_sees_only_what_lies_in_its_folder(hub: Hub, house: Tree, tmp_path: Path) -> None:
    blue, own = Caller(tenant="blue"), new_repository(tmp_path / "tenants" / "blue" / "one")
    assert (await ask(hub, "create_codebase", blue, repoPath=str(own.path)))["repoPath"] == str(own.path)
    for operation, more in (
        ("create_codebase", {}), ("list_git_refs", {}), ("list_git_commits", {}), ("get_git_commit", {"sha": "main"}), ("search_files", {}),
    ):  # fmt: skip
        assert isinstance(await refusal(ask(hub, operation, blue, repoPath=str(house.path), **more)), Refused)
    assert (await ask(hub, "list_codebases", LOCAL))["codebases"] == []


@on_memory
async def test_a_hub_without_access_to_repositories_says_so(store: HubStore) -> None:
    for operation in ("create_codebase", "list_git_refs", "search_files"):
        assert isinstance(await refusal(ask(Hub(store), operation, repoPath="/")), Refused)
