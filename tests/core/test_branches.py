"""Branches of real repositories: seen, checked out, pulled, deleted, and what is never lost by that."""

import os
from pathlib import Path

import pytest

from hub.access import Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused
from hub.ports import Json
from stores.git.repositories import GitRepositories
from stores.memory import MemoryStore
from tests.core.support import ask, kinds, refusal
from tests.git_servers import serving_git
from tests.repositories import Tree, new_repository, new_tree


def hub_of(folder: Path, reach: Reach = "all") -> Hub:
    return Hub(MemoryStore(), reach=reach, repositories=GitRepositories(os.environ, (), folder / "sessions"))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """On one store: none of this is stored."""
    return hub_of(tmp_path)


@pytest.fixture
def origin(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "origin")


@pytest.fixture
def tree(origin: Tree, tmp_path: Path) -> Tree:
    """A clone of it."""
    origin.git("clone", "--quiet", str(origin.path), str(tmp_path / "tree"))
    cloned = Tree(tmp_path / "tree")
    cloned.git("config", "user.name", "Ada")
    cloned.git("config", "user.email", "ada@example.com")
    return cloned


async def branches(hub: Hub, tree: Tree) -> Json:
    return await ask(hub, "get_branches", repoPath=str(tree.path))


async def check_out(hub: Hub, tree: Tree, branch: str, **how: bool) -> Json:
    return await ask(hub, "check_out_branch", repoPath=str(tree.path), branch=branch, **how)


async def test_branches_are_seen_with_how_the_current_one_stands(hub: Hub, origin: Tree, tree: Tree) -> None:
    clean = {"ahead": 0, "behind": 0, "hasUncommittedChanges": False}
    assert await branches(hub, tree) == {"current": "main", "local": ["main"], "remote": ["feature", "main"], "status": clean}
    tree.commit("Mine", {"mine.txt": "1"})
    tree.write("new.txt", "new")
    origin.commit("Theirs", {"theirs.txt": "2"})
    origin.git("branch", "later")
    assert (await branches(hub, tree))["status"] == {"ahead": 1, "behind": 0, "hasUncommittedChanges": True}
    fetched = await ask(hub, "fetch_branches", repoPath=str(tree.path))
    assert fetched["remote"] == ["feature", "later", "main"]
    assert fetched["status"] == {"ahead": 1, "behind": 1, "hasUncommittedChanges": True}
    opened = await ask(hub, "open_repository", path=str(tree.path / ".git" / ".."))
    assert opened == {
        "success": True, "name": "tree", "path": str(tree.path), "branch": "main", "branches": ["main"],
        "status": {"clean": False, "ahead": 1, "behind": 1, "modified": 0, "untracked": 1},
    }  # fmt: skip


async def test_a_repository_without_a_commit_or_a_branch_is_seen_too(hub: Hub, tree: Tree, tmp_path: Path) -> None:
    empty = new_tree(tmp_path / "empty")
    assert (await branches(hub, empty))["current"] == "main"
    assert (await branches(hub, empty))["local"] == []
    tree.git("checkout", "--quiet", "--detach")
    assert (await branches(hub, tree))["current"] == "HEAD"
    assert (await check_out(hub, tree, "main"))["branch"] == "main"


async def test_a_branch_is_checked_out_here_from_the_remote_or_made(hub: Hub, tree: Tree) -> None:
    tree.write("new.txt", "kept")
    out = await check_out(hub, tree, "feature")
    assert (out["branch"], out["branches"], out["success"]) == ("feature", ["feature", "main"], True)
    assert tree.git("rev-parse", "--abbrev-ref", "feature@{upstream}") == "origin/feature"
    assert (tree.path / "src/roof.py").exists()
    assert (tree.path / "new.txt").exists()
    assert (await check_out(hub, tree, "main"))["branch"] == "main"
    assert (await check_out(hub, tree, "main"))["branch"] == "main"
    assert isinstance(await refusal(check_out(hub, tree, "nothing")), NotFound)
    assert (await check_out(hub, tree, "own/idea", create=True))["branches"] == ["feature", "main", "own/idea"]


async def test_local_changes_are_never_overwritten(hub: Hub, tree: Tree) -> None:
    tree.write("src/roof.py", "mine")
    error = await refusal(check_out(hub, tree, "feature"))
    assert isinstance(error, Refused)
    assert error.message == "Local changes stand in the way: src/roof.py. Commit or discard them first."
    assert (tree.path / "src/roof.py").read_text() == "mine"
    assert (await branches(hub, tree))["current"] == "main"


async def test_a_branch_of_another_worktree_is_left_to_it(hub: Hub, tree: Tree, tmp_path: Path) -> None:
    tree.git("worktree", "add", "--quiet", "-b", "beside", str(tmp_path / "beside"))
    for call in (check_out(hub, tree, "beside"), ask(hub, "delete_branch", repoPath=str(tree.path), branch="beside", force=True)):
        error = await refusal(call)
        assert isinstance(error, Refused)
        assert "worktree" in error.message
        assert str(tmp_path) not in error.message
    assert tree.git("for-each-ref", "refs/trivium") == ""


@pytest.mark.parametrize(
    "branch", ["-x", "--force", "a..b", "a b", "a~1", "a:b", "/a", "a.lock", "refs/heads/../x", "@{-1}", "a\nb", "ä\x7f"]
)
async def test_what_is_no_name_of_a_branch_is_refused(hub: Hub, tree: Tree, branch: str) -> None:
    before = tree.git("for-each-ref")
    for call in (check_out(hub, tree, branch, create=True), ask(hub, "delete_branch", repoPath=str(tree.path), branch=branch, force=True)):
        assert isinstance(await refusal(call), Invalid)
    assert tree.git("for-each-ref") == before


async def test_a_pull_brings_what_is_new_and_says_why_where_it_cannot(hub: Hub, origin: Tree, tree: Tree) -> None:
    origin.commit("Theirs", {"theirs.txt": "2"})
    out = await check_out(hub, tree, "main", pull=True)
    assert (out["pulled"], out["status"]["behind"]) == (True, 0)
    assert (tree.path / "theirs.txt").exists()
    tree.commit("Mine", {"mine.txt": "1"})
    origin.commit("Theirs again", {"again.txt": "3"})
    out = await check_out(hub, tree, "main", pull=True)
    assert out["pulled"] is False
    assert "commits that the other lacks" in out["problem"]
    assert out["status"] == {"ahead": 1, "behind": 1, "hasUncommittedChanges": False}
    await check_out(hub, tree, "own", create=True)
    assert "There is no refs/heads/own at its remote" in (await check_out(hub, tree, "own", pull=True))["problem"]
    tree.git("switch", "--quiet", "main")
    tree.git("reset", "--quiet", "--hard", "origin/main~1")
    tree.write("again.txt", "mine")
    assert "Local changes stand in the way" in (await check_out(hub, tree, "main", pull=True))["problem"]
    assert (tree.path / "again.txt").read_text() == "mine"
    tree.git("remote", "set-url", "origin", str(origin.path / "nothing"))
    out = await check_out(hub, tree, "main", pull=True)
    assert (out["success"], out["pulled"]) == (True, False)


async def test_a_branch_is_deleted_and_its_commits_are_kept(hub: Hub, tree: Tree) -> None:
    tree.git("switch", "--quiet", "--create", "idea")
    idea = tree.commit("An idea", {"idea.txt": "!"})
    tree.git("switch", "--quiet", "main")
    tree.git("branch", "merged")
    path = str(tree.path)
    error = await refusal(ask(hub, "delete_branch", repoPath=path, branch="main", force=True))
    assert isinstance(error, Refused)
    assert error.message == "main is checked out, so it cannot be deleted. Check another branch out first."
    error = await refusal(ask(hub, "delete_branch", repoPath=path, branch="idea"))
    assert isinstance(error, Refused)
    assert "force=true" in error.message
    assert tree.git("for-each-ref", "refs/trivium") == ""
    deleted = await ask(hub, "delete_branch", repoPath=path, branch="idea", force=True)
    [saved] = tree.git("for-each-ref", "--format=%(refname)", "refs/trivium/saved/idea").splitlines()
    assert deleted == {"success": True, "deletedBranch": "idea", "saved": saved, "current": "main", "branches": ["main", "merged"]}
    assert tree.git("rev-parse", saved) == idea
    assert (await ask(hub, "delete_branch", repoPath=path, branch="merged"))["branches"] == ["main"]
    assert isinstance(await refusal(ask(hub, "delete_branch", repoPath=path, branch="merged")), NotFound)


async def test_discarded_changes_are_kept_as_a_commit(hub: Hub, tree: Tree) -> None:
    tree.write("README.md", "changed")
    tree.write("new/file.txt", "untracked")
    tree.write("staged.txt", "staged")
    tree.write("ignored.log", "stays")
    tree.git("add", "staged.txt")
    (tree.path / "src/walls.py").unlink()
    reset = await ask(hub, "reset_working_tree", repoPath=str(tree.path))
    saved = reset.pop("saved")
    assert reset == {
        "success": True, "action": "reset", "branch": "main", "branches": ["main"],
        "status": {"ahead": 0, "behind": 0, "hasUncommittedChanges": False},
        "repoStatus": {"clean": True, "ahead": 0, "behind": 0, "modified": 0, "untracked": 0},
    }  # fmt: skip
    assert (tree.path / "README.md").read_text() == "# House\n"
    assert not (tree.path / "new").exists()
    assert (tree.path / "ignored.log").exists()
    changed = tree.git("diff", "--name-status", "--no-renames", "HEAD", saved).split("\n")
    assert changed == ["M\tREADME.md", "A\tnew/file.txt", "D\tsrc/walls.py", "A\tstaged.txt"]
    assert tree.git("show", f"{saved}:new/file.txt") == "untracked"
    assert "saved" not in await ask(hub, "reset_working_tree", repoPath=str(tree.path))


async def test_a_merge_with_conflicts_is_discarded_too(hub: Hub, origin: Tree, tree: Tree) -> None:
    tree.commit("Mine", {"README.md": "mine"})
    origin.commit("Theirs", {"README.md": "theirs"})
    tree.git("fetch", "--quiet")
    tree.git("merge", "--quiet", "origin/main", fails=True)
    reset = await ask(hub, "reset_working_tree", repoPath=str(tree.path))
    assert reset["repoStatus"]["clean"] is True
    assert "<<<<<<<" in tree.git("show", f"{reset['saved']}:README.md")


async def test_nothing_is_discarded_before_there_is_a_commit(hub: Hub, tmp_path: Path) -> None:
    empty = new_tree(tmp_path / "empty")
    empty.write("a.txt", "a")
    assert isinstance(await refusal(ask(hub, "reset_working_tree", repoPath=str(empty.path))), Refused)
    assert (empty.path / "a.txt").exists()


async def test_of_a_bare_repository_it_is_told_that_it_is_one(hub: Hub, tree: Tree, tmp_path: Path) -> None:
    tree.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    for call in (
        ask(hub, "get_branches", repoPath=str(tmp_path / "bare.git")), ask(hub, "open_repository", path=str(tmp_path / "bare.git")),
        ask(hub, "check_out_branch", repoPath=str(tmp_path / "bare.git"), branch="main"),
    ):  # fmt: skip
        error = await refusal(call)
        assert isinstance(error, Invalid)
        assert "bare git repo" in error.message  # the web frontend leaves those alone by these words
        assert "git worktree add" in error.message


async def test_a_repository_that_is_broken_is_told_of(hub: Hub, tree: Tree) -> None:
    (tree.path / ".git" / "index").write_bytes(b"broken")
    for call in (branches(hub, tree), check_out(hub, tree, "feature"), ask(hub, "reset_working_tree", repoPath=str(tree.path))):
        assert isinstance(await refusal(call), Refused)


async def test_two_who_check_out_at_once_do_not_break_the_repository(hub: Hub, tree: Tree) -> None:
    ended = await kinds(check_out(hub, tree, branch) for branch in ["feature", "main"] * 4)
    assert set(ended) <= {"ok", "conflict"}
    tree.git("fsck")
    assert (await branches(hub, tree))["status"]["hasUncommittedChanges"] is False


async def test_a_hub_that_calls_only_public_servers_fetches_from_no_others(tree: Tree, tmp_path: Path) -> None:
    hub = hub_of(tmp_path, "public")
    assert isinstance(await refusal(ask(hub, "fetch_branches", repoPath=str(tree.path))), Invalid)
    async with serving_git(tmp_path) as server:
        tree.git("remote", "set-url", "origin", f"{server.url}/origin")
        tree.git("config", "url.http://127.0.0.1:1/.insteadOf", "https://github.com/")
        assert (await kinds([ask(hub, "fetch_branches", repoPath=str(tree.path))])) == ["forbidden"]
        tree.git("remote", "set-url", "origin", "https://github.com/ada/engine")
        assert (await kinds([ask(hub, "fetch_branches", repoPath=str(tree.path))])) == ["forbidden"]
        stranger = Caller(tenant="other")
        open_hub = hub_of(tmp_path)
        theirs = new_repository(tmp_path / "sessions" / "other" / "mine")
        theirs.git("remote", "add", "origin", f"{server.url}/origin")
        assert (await ask(open_hub, "fetch_branches", stranger, repoPath=str(theirs.path)))["remote"] == ["feature", "main"]
        assert isinstance(await refusal(ask(open_hub, "get_branches", stranger, repoPath=str(tree.path))), Refused)
