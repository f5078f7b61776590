"""Worktrees: made and removed once, whatever ends in between, and without losing work."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused, Unavailable
from hub.ports import Find, HubStore, Json, Staged
from hub.unit import UnitOfWork
from stores.git.repositories import GitRepositories
from stores.memory import MemoryStore
from tests.core.codebases import cancelled_when, new_codebase, program, saved
from tests.core.support import ask, kinds, names_of_events, on_memory, refusal
from tests.repositories import Tree, new_repository, new_tree, repositories


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


@pytest.fixture
def hub(store: HubStore, tmp_path: Path) -> Hub:
    return Hub(store, repositories=repositories(tmp_path / "own"))


@pytest.fixture
async def codebase(hub: Hub, tree: Tree) -> str:
    return await new_codebase(hub, tree)


async def new_worktree(hub: Hub, codebase: str, branch: str | None = "roof", **fields: Any) -> tuple[Json, Tree]:
    made = await ask(hub, "create_worktree", codebaseId=codebase, branch=branch, **fields)
    return made, Tree(Path(made["worktreePath"]))


async def worktrees(hub: Hub, codebase: str) -> list[tuple[str, str]]:
    listed = await ask(hub, "list_worktrees", codebaseId=codebase)
    return [(one["branch"], one["status"]) for one in listed["worktrees"]]


def known_to_git(tree: Tree) -> list[str]:
    """Branches of the working trees beside the first."""
    listed = tree.git("worktree", "list", "--porcelain").splitlines()
    return [line.removeprefix("branch refs/heads/") for line in listed if line.startswith("branch ")][1:]


async def test_a_worktree_is_a_folder_with_a_branch_of_its_own(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    made, side = await new_worktree(hub, codebase, label="The roof")
    assert (made["status"], made["branch"], made["baseBranch"], made["label"]) == ("active", "roof", "main", "The roof")
    assert side.path.is_relative_to(tmp_path / "own" / "local" / "worktrees" / "default")
    assert side.git("branch", "--show-current") == "roof"
    assert side.git("rev-parse", "HEAD") == tree.git("rev-parse", "main")
    assert (side.path / "src/walls.py").read_text() == "height = 4\nwidth = 4\n"
    assert await ask(hub, "get_worktree", worktreeId=made["id"]) == made
    assert await ask(hub, "validate_worktree", worktreeId=made["id"]) == {"healthy": True}
    assert await ask(hub, "list_worktrees", workspaceId="default") == {"worktrees": [made]}
    removed = await ask(hub, "delete_worktree", worktreeId=made["id"], deleteBranch=True)
    assert removed == {"deleted": True, "id": made["id"], "deletedCount": 1}
    assert not side.path.exists()
    assert (known_to_git(tree), saved(tree)) == ([], [])
    assert tree.git("branch", "--list", "roof") == ""
    told = [name for name in await names_of_events(hub) if name.startswith("worktree.")]
    assert told == ["worktree.created", "worktree.updated", "worktree.updated", "worktree.deleted"]


@on_memory
async def test_it_begins_where_it_is_told_or_takes_the_branch_that_is_there(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase, "early", baseBranch="v1")
    assert (made["baseBranch"], side.git("rev-parse", "HEAD")) == ("v1", tree.git("rev-parse", "v1"))
    _, side = await new_worktree(hub, codebase, "feature")
    assert side.git("rev-parse", "HEAD") == tree.git("rev-parse", "feature")


@on_memory
async def test_the_hub_names_a_branch_after_the_label_and_a_repeat_with_the_same_key_makes_no_other(hub: Hub, codebase: str) -> None:
    first, _ = await new_worktree(hub, codebase, None, label="Über the top!")
    assert first["branch"].startswith("worktree/ber-the-top-")
    keyed = {"codebaseId": codebase, "idempotencyKey": "k"}
    second = await ask(hub, "create_worktree", **keyed)
    assert second["branch"].startswith("worktree/work-")
    assert await ask(hub, "create_worktree", **keyed) == second
    assert len(await worktrees(hub, codebase)) == 2
    await ask(hub, "delete_worktree", worktreeId=second["id"])
    assert await ask(hub, "create_worktree", **keyed) == second
    assert await worktrees(hub, codebase) == [(first["branch"], "active")]


async def test_a_branch_has_one_worktree_however_many_ask_at_once(hub: Hub, codebase: str, tree: Tree) -> None:
    calls = [ask(hub, "create_worktree", codebaseId=codebase, branch="roof") for _ in range(5)]
    assert await kinds(calls) == ["conflict"] * 4 + ["ok"]
    assert (await worktrees(hub, codebase), known_to_git(tree)) == ([("roof", "active")], ["roof"])
    assert isinstance(await refusal(ask(hub, "create_worktree", codebaseId=codebase, branch="roof")), Duplicate)


@on_memory
async def test_many_are_made_beside_each_other(hub: Hub, codebase: str, tree: Tree) -> None:
    await asyncio.gather(*(new_worktree(hub, codebase, f"b-{number}") for number in range(6)))
    assert sorted(await worktrees(hub, codebase)) == [(f"b-{number}", "active") for number in range(6)]


@on_memory
@pytest.mark.parametrize("branch", ["a b", "a..b", "-x", "a~1", "@{-1}", "HEAD", "a/", "/a", "x.lock", "a\nb", "", "a" * 201, "a\\b"])
async def test_what_cannot_be_a_branch_is_refused_and_leaves_nothing(hub: Hub, codebase: str, tree: Tree, branch: str) -> None:
    assert isinstance(await refusal(ask(hub, "create_worktree", codebaseId=codebase, branch=branch)), Invalid)
    assert (await worktrees(hub, codebase), known_to_git(tree)) == ([], [])


@on_memory
async def test_what_git_would_not_do_is_refused_before_anything_is_written(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    empty = await new_codebase(hub, new_tree(tmp_path / "empty"))
    for kind, given in (
        (Refused, {"branch": "main"}), (Invalid, {"branch": "x", "baseBranch": "nothing"}),
        (Invalid, {"branch": "x", "baseBranch": "--all"}), (Invalid, {"codebaseId": empty, "branch": "x"}),
        (NotFound, {"codebaseId": "nothing"}), (NotFound, {"workspaceId": "nowhere"}),
    ):  # fmt: skip
        assert isinstance(await refusal(ask(hub, "create_worktree", **{"codebaseId": codebase, **given})), kind), given
    assert (await worktrees(hub, codebase), await worktrees(hub, empty)) == ([], [])
    tree.git("branch", "x/y")
    error = await refusal(ask(hub, "create_worktree", codebaseId=codebase, branch="x"))
    assert isinstance(error, Refused)
    [failed] = (await ask(hub, "list_worktrees", codebaseId=codebase))["worktrees"]
    assert (failed["status"], failed["errorMessage"], Path(failed["worktreePath"]).exists()) == ("error", error.message, False)
    tree.git("branch", "-D", "x/y")
    again = await ask(hub, "create_worktree", codebaseId=codebase, branch="x")
    assert (again["id"], again["status"], "errorMessage" in again) == (failed["id"], "active", False)


@on_memory
async def test_the_workspace_says_where_they_lie_but_never_in_the_repository(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    async def root(path: str) -> None:
        await ask(hub, "update_workspace", workspaceId="default", metadata={"worktreeRoot": path})

    await root(str(tmp_path / "trees"))
    _, side = await new_worktree(hub, codebase)
    assert side.path.parent == tmp_path / "trees"
    (tmp_path / "link").symlink_to(tree.path)
    for path in (str(tree.path), str(tree.path / "trees"), str(tmp_path / "link"), str(tree.path / ".git" / "x"), "relative"):
        await root(path)
        assert isinstance(await refusal(new_worktree(hub, codebase, "another")), Invalid), path
    assert await worktrees(hub, codebase) == [("roof", "active")]


@on_memory
async def test_nothing_is_made_outside_the_operators_folders_but_in_the_hubs_own(store: HubStore, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    hub = Hub(store, repositories=GitRepositories({}, [allowed], tmp_path / "own"))
    codebase = await new_codebase(hub, new_repository(allowed / "house"))
    _, side = await new_worktree(hub, codebase)
    (side.path / "new").write_text("")
    [own] = (await ask(hub, "list_worktrees", codebaseId=codebase))["worktrees"]
    await ask(hub, "stage_files", codebaseId=codebase, worktreeId=own["id"], files=["new"])
    await ask(hub, "update_workspace", workspaceId="default", metadata={"worktreeRoot": str(tmp_path / "elsewhere")})
    assert isinstance(await refusal(new_worktree(hub, codebase, "another")), Refused)


class Mortal(MemoryStore):
    """It dies when a worktree would be written that is in this state, or gone."""

    dies: str | None = None
    dead = False

    async def commit(self, unit: Staged) -> int:
        states = [write.record.status if isinstance(write.record, Worktree) else "gone" for write in unit.writes if write.type is Worktree]
        if self.dead or self.dies in states:
            self.dead = True
            raise Unavailable("The store is gone.")
        return await super().commit(unit)

    def reborn(self) -> None:
        self.dies, self.dead = None, False


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[tuple[Mortal, Hub]]:
    store = Mortal()
    yield store, Hub(store, repositories=repositories(tmp_path / "own"))
    await store.close()


async def test_what_a_hub_that_died_had_begun_is_finished_by_the_same_call(mortal: tuple[Mortal, Hub], tree: Tree) -> None:
    store, hub = mortal
    codebase = await new_codebase(hub, tree)
    store.dies = "active"
    assert isinstance(await refusal(new_worktree(hub, codebase)), Unavailable)
    store.reborn()
    assert (await worktrees(hub, codebase), known_to_git(tree)) == ([("roof", "creating")], ["roof"])
    made, side = await new_worktree(hub, codebase)
    assert made["status"] == "active"
    side.write("new", "work")
    store.dies = "gone"
    assert isinstance(await refusal(ask(hub, "delete_worktree", worktreeId=made["id"], deleteBranch=True)), Unavailable)
    store.reborn()
    assert (await worktrees(hub, codebase), known_to_git(tree)) == ([("roof", "removing")], [])
    removed = await ask(hub, "delete_worktree", worktreeId=made["id"], deleteBranch=True)
    assert tree.git("show", f"{removed['savedRef']}:new") == "work"
    assert (await worktrees(hub, codebase), saved(tree)) == ([], [removed["savedRef"]])


async def test_validating_sets_right_what_a_hub_that_died_left(mortal: tuple[Mortal, Hub], tree: Tree) -> None:
    store, hub = mortal
    codebase = await new_codebase(hub, tree)
    store.dies = "active"
    await refusal(new_worktree(hub, codebase))
    store.reborn()
    [left] = (await ask(hub, "list_worktrees", codebaseId=codebase))["worktrees"]
    assert await ask(hub, "validate_worktree", worktreeId=left["id"]) == {"healthy": True}
    assert await worktrees(hub, codebase) == [("roof", "active")]


@on_memory
async def test_one_that_git_itself_did_not_finish_is_made_anew(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    path = tmp_path / "half"
    tree.git("worktree", "add", "-b", "roof", str(path))
    tree.git("worktree", "lock", "--reason", "initializing", str(path))
    (path / "README.md").unlink()
    unit = UnitOfWork(hub.store, "local", "2026-01-01T00:00:00.000Z")
    half = unit.put(Worktree(workspace_id="default", codebase_id=codebase, worktree_path=str(path), branch="roof", base_branch="main"))
    await hub.store.commit(unit)
    health = await ask(hub, "validate_worktree", worktreeId=half.id)
    assert (health["healthy"], await worktrees(hub, codebase)) == (False, [("roof", "error")])
    made, side = await new_worktree(hub, codebase)
    assert (made["id"], made["status"]) == (half.id, "active")
    assert (side.path / "README.md").exists()


@on_memory
async def test_a_call_that_is_cancelled_leaves_no_half_of_a_folder(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    told = tmp_path / "told"
    tree.git("config", "filter.slow.smudge", str(program(tmp_path / "slow", f"echo > {told}", "exec sleep 60")))
    tree.commit("A slow file", {"slow.txt": "slow", ".gitattributes": "slow.txt filter=slow\n"})
    await cancelled_when(told, new_worktree(hub, codebase))
    [left] = (await ask(hub, "list_worktrees", codebaseId=codebase))["worktrees"]
    assert (left["status"], Path(left["worktreePath"]).exists(), known_to_git(tree)) == ("creating", False, [])
    tree.git("config", "filter.slow.smudge", "cat")
    made, _ = await new_worktree(hub, codebase)
    assert (made["id"], made["status"]) == (left["id"], "active")


@on_memory
async def test_what_a_hook_says_behind_a_finished_worktree_is_told_and_validating_finds_it_sound(
    hub: Hub, codebase: str, tree: Tree
) -> None:
    program(tree.path / ".git/hooks/post-checkout", "echo no plumbing today >&2", "exit 1")
    error = await refusal(new_worktree(hub, codebase))
    assert "no plumbing today" in error.message
    [left] = (await ask(hub, "list_worktrees", codebaseId=codebase))["worktrees"]
    assert left["status"] == "error"
    assert await ask(hub, "validate_worktree", worktreeId=left["id"]) == {"healthy": True}
    assert await worktrees(hub, codebase) == [("roof", "active")]


@on_memory
async def test_what_stands_in_a_worktree_is_kept_when_it_is_removed(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    side.commit("Tiles", {"tiles.txt": "100"})
    side.write("tiles.txt", "staged")
    side.git("add", "tiles.txt")
    side.write("tiles.txt", "in work")
    side.write("new\n \u2603 file", b"\0binary\xff")
    side.git("rm", "--quiet", "README.md")
    side.write("noise.log", "ignored")
    removed = await ask(hub, "delete_worktree", worktreeId=made["id"], deleteBranch=True)
    ref = removed["savedRef"]
    assert ref.startswith(f"refs/trivium/saved/{made['id']}/")
    assert tree.git("show", f"{ref}:tiles.txt") == "in work"
    assert tree.git("show", f"{ref}^2:tiles.txt") == "staged"
    assert tree.git("show", f"{ref}^1:tiles.txt") == "100"
    assert tree.git("log", "-1", "--format=%s", f"{ref}^1") == "Tiles"
    names = tree.git("ls-tree", "-r", "-z", "--name-only", ref).split("\0")
    assert "new\n \u2603 file" in names
    assert not {"README.md", "noise.log"} & set(names)
    assert tree.git("status", "--porcelain") == ""
    tree.git(*removed["restore"].split()[1:])
    assert (tree.path / "new\n \u2603 file").read_bytes() == b"\0binary\xff"


@on_memory
async def test_commits_that_nothing_else_leads_to_are_kept_and_others_are_not(hub: Hub, codebase: str, tree: Tree) -> None:
    merged, side = await new_worktree(hub, codebase, "merged")
    side.commit("Merged")
    tree.git("merge", "--quiet", "merged")
    assert "savedRef" not in await ask(hub, "delete_worktree", worktreeId=merged["id"], deleteBranch=True)
    kept, side = await new_worktree(hub, codebase, "kept")
    side.commit("On its branch")
    assert "savedRef" not in await ask(hub, "delete_worktree", worktreeId=kept["id"])
    assert tree.git("log", "-1", "--format=%s", "kept") == "On its branch"
    for detached in (False, True):
        lone, side = await new_worktree(hub, codebase, f"lone-{detached}")
        if detached:
            side.git("switch", "--quiet", "--detach")
        side.commit("Alone")
        ref = (await ask(hub, "delete_worktree", worktreeId=lone["id"], deleteBranch=not detached))["savedRef"]
        assert "Alone" in tree.git("log", "--format=%s", ref)


@on_memory
async def test_a_file_that_git_was_told_to_take_for_unchanged_is_kept(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    side.git("update-index", "--assume-unchanged", "README.md")
    side.write("README.md", "changed all the same")
    ref = (await ask(hub, "delete_worktree", worktreeId=made["id"]))["savedRef"]
    assert tree.git("show", f"{ref}:README.md") == "changed all the same"


@on_memory
async def test_one_in_the_middle_of_a_rebase_is_kept_with_its_conflict(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    side.commit("Mine", {"src/walls.py": "height = 9\n"})
    tree.commit("Theirs", {"src/walls.py": "height = 1\n"})
    side.git("rebase", "main", fails=True)
    ref = (await ask(hub, "delete_worktree", worktreeId=made["id"]))["savedRef"]
    assert "<<<<<<<" in tree.git("show", f"{ref}:src/walls.py")
    assert tree.git("log", "-1", "--format=%s", "roof") == "Mine"


@on_memory
async def test_repositories_within_it_are_not_lost(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    inner = new_repository(side.path / "inner")
    error = await refusal(ask(hub, "delete_worktree", worktreeId=made["id"]))
    assert isinstance(error, Refused)
    assert "inner" in error.message
    assert (inner.path / "README.md").exists()
    assert await worktrees(hub, codebase) == [("roof", "error")]
    assert await ask(hub, "validate_worktree", worktreeId=made["id"]) == {"healthy": True}


@on_memory
async def test_what_its_user_locked_stays(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    tree.git("worktree", "lock", "--reason", "on a stick", str(side.path))
    error = await refusal(ask(hub, "delete_worktree", worktreeId=made["id"]))
    assert "on a stick" in error.message
    assert side.path.exists()
    tree.git("worktree", "unlock", str(side.path))
    assert (await ask(hub, "delete_worktree", worktreeId=made["id"]))["deleted"]


@on_memory
async def test_one_that_was_moved_or_deleted_is_told_of_and_can_be_forgotten(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    made, side = await new_worktree(hub, codebase)
    side.path.rename(tmp_path / "moved")
    health = await ask(hub, "validate_worktree", worktreeId=made["id"])
    assert (health["healthy"], "no folder" in health["error"]) == (False, True)
    assert (await ask(hub, "get_worktree", worktreeId=made["id"]))["errorMessage"] == health["error"]
    (tmp_path / "moved").rename(side.path)
    assert await ask(hub, "validate_worktree", worktreeId=made["id"]) == {"healthy": True}
    assert "errorMessage" not in await ask(hub, "get_worktree", worktreeId=made["id"])
    side.path.rename(tmp_path / "moved")
    side.path.mkdir()
    (side.path / "stranger").write_text("")
    assert not (await ask(hub, "validate_worktree", worktreeId=made["id"]))["healthy"]
    tree.git("worktree", "prune")
    assert isinstance(await refusal(ask(hub, "delete_worktree", worktreeId=made["id"])), Refused)
    (side.path / "stranger").unlink()
    side.path.rmdir()
    assert (await ask(hub, "delete_worktree", worktreeId=made["id"]))["deleted"]
    assert tree.git("branch", "--list", "--format=%(refname:short)", "roof") == "roof"


@on_memory
async def test_with_its_repository_gone_there_is_nothing_to_lose_but_the_record(
    hub: Hub, codebase: str, tree: Tree, tmp_path: Path
) -> None:
    made, side = await new_worktree(hub, codebase)
    tree.path.rename(tmp_path / "elsewhere")
    assert not (await ask(hub, "validate_worktree", worktreeId=made["id"]))["healthy"]
    assert (await ask(hub, "delete_worktree", worktreeId=made["id"]))["deleted"]
    assert (side.path / "README.md").exists()


@on_memory
async def test_a_branch_that_is_checked_out_elsewhere_is_not_deleted(hub: Hub, codebase: str, tree: Tree) -> None:
    made, side = await new_worktree(hub, codebase)
    side.git("switch", "--quiet", "--detach")
    tree.git("switch", "--quiet", "roof")
    assert isinstance(await refusal(ask(hub, "delete_worktree", worktreeId=made["id"], deleteBranch=True)), Refused)
    assert side.path.exists()
    assert (await ask(hub, "delete_worktree", worktreeId=made["id"]))["deleted"]


@on_memory
async def test_the_first_working_tree_is_never_removed(hub: Hub, codebase: str, tree: Tree) -> None:
    unit = UnitOfWork(hub.store, "local", "2026-01-01T00:00:00.000Z")
    wrong = unit.put(Worktree(workspace_id="default", codebase_id=codebase, worktree_path=str(tree.path), branch="x", base_branch="main"))
    await hub.store.commit(unit)
    assert isinstance(await refusal(ask(hub, "delete_worktree", worktreeId=wrong.id)), Refused)
    assert (tree.path / "README.md").exists()


class Meanwhile(GitRepositories):
    """Somebody deletes the codebase while it is looked where its worktree may lie."""

    hub: Hub

    async def worktree_folder(self, root: str | None, tenant: str) -> Path:
        for codebase in await UnitOfWork(self.hub.store, tenant, "").find(Codebase):
            unit = UnitOfWork(self.hub.store, tenant, "2026-01-01T00:00:00.000Z")
            unit.remove(codebase)
            await self.hub.store.commit(unit)
        return await super().worktree_folder(root, tenant)


async def test_no_worktree_is_begun_of_a_codebase_that_goes_meanwhile(store: HubStore, tree: Tree, tmp_path: Path) -> None:
    meanwhile = Meanwhile(os.environ, (), tmp_path / "own")
    hub = meanwhile.hub = Hub(store, repositories=meanwhile)
    codebase = await new_codebase(hub, tree)
    assert isinstance(await refusal(new_worktree(hub, codebase)), NotFound)
    assert (await store.find("local", Find(Worktree)), known_to_git(tree)) == ([], [])


@on_memory
async def test_other_tenants_find_none_and_who_may_only_read_makes_none(hub: Hub, codebase: str) -> None:
    made, _ = await new_worktree(hub, codebase)
    stranger = Caller(tenant="other")
    for operation in ("get_worktree", "validate_worktree", "delete_worktree"):
        assert isinstance(await refusal(ask(hub, operation, stranger, worktreeId=made["id"])), NotFound)
    assert isinstance(await refusal(ask(hub, "create_worktree", stranger, codebaseId=codebase)), NotFound)
    reader, writer = Caller(subject="r", grants=frozenset({READ})), Caller(subject="w", grants=frozenset({WRITE}))
    assert isinstance(await refusal(ask(hub, "delete_worktree", reader, worktreeId=made["id"])), Forbidden)
    assert (await ask(hub, "delete_worktree", writer, worktreeId=made["id"]))["deleted"]


@on_memory
async def test_a_hub_without_repositories_says_so(store: HubStore, tree: Tree) -> None:
    hub = Hub(store)
    codebase = await new_codebase(hub, tree)
    assert "without access to git" in (await refusal(ask(hub, "create_worktree", codebaseId=codebase))).message
