"""The commits of a codebase's branch: listed, and the branch pulled, rebased and reset so that nothing is lost."""

from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.domain.errors import Busy, Forbidden, Invalid, Refused
from hub.ports import Json
from stores.git import transports
from stores.memory import MemoryStore
from tests.core.codebases import cancelled_when, new_codebase, program, saved
from tests.core.support import ask, refusal
from tests.repositories import Tree, new_repository, repositories


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """What is done with git is the same on every store."""
    return Hub(MemoryStore(), repositories=repositories(tmp_path / "own"))


@pytest.fixture
async def codebase(hub: Hub, tree: Tree) -> str:
    return await new_codebase(hub, tree)


@pytest.fixture
def far(tree: Tree, tmp_path: Path) -> Tree:
    """What `tree` was cloned from, as it were."""
    far = Tree(tmp_path / "far")
    tree.git("clone", "--quiet", str(tree.path), str(far.path))
    far.git("config", "receive.denyCurrentBranch", "ignore")
    tree.git("remote", "add", "origin", str(far.path))
    return far


async def test_commits_are_listed_with_what_they_changed(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.commit("Odd \x1f | subject\n\nbody\nof two lines", {"pic.png": b"\0\xff", "a \u2603": "1\n2\n"})
    tree.git("merge", "--quiet", "--no-edit", "feature")
    listed = await ask(hub, "list_commits", codebaseId=codebase)
    merge, odd, *_, first = listed["commits"]
    assert listed["count"] == 5
    assert len(merge["parents"]) == 2
    assert (odd["summary"], odd["message"]) == ("Odd \x1f | subject", "Odd \x1f | subject\n\nbody\nof two lines")
    assert (odd["additions"], odd["deletions"], odd["shortSha"]) == (2, 0, odd["sha"][:7])
    assert (first["authorName"], first["authorEmail"], first["authoredAt"]) == ("Ada", "ada@example.com", "2026-01-01T00:00:01+00:00")
    assert first["parents"] == []
    assert (await ask(hub, "list_commits", codebaseId=codebase, limit=1))["commits"] == [merge]
    assert (await ask(hub, "list_commits", codebaseId=codebase, since="2026-01-02"))["count"] == 0


async def test_a_commits_diff_is_whole_or_of_a_file(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("merge", "--quiet", "--no-edit", "feature")
    whole = await ask(hub, "get_commit_diff", codebaseId=codebase, sha="HEAD~1")
    assert "Higher" in whole["diff"]
    assert "-height = 3\n+height = 4" in whole["diff"]
    assert "+tiles = 100" in (await ask(hub, "get_commit_diff", codebaseId=codebase, sha="HEAD"))["diff"]
    other = await ask(hub, "get_commit_diff", codebaseId=codebase, sha="HEAD~1", path="README.md")
    assert "height" not in other["diff"]
    for sha in ("nothing", "--all", "HEAD..v1", "HEAD:README.md"):
        assert isinstance(await refusal(ask(hub, "get_commit_diff", codebaseId=codebase, sha=sha)), Invalid), sha


async def test_a_branch_is_pulled_forward_and_only_forward(hub: Hub, codebase: str, tree: Tree, far: Tree) -> None:
    there = far.commit("There", {"there": ""})
    assert await ask(hub, "pull_changes", codebaseId=codebase) == {"success": True, "sha": there}
    assert (await ask(hub, "pull_changes", codebaseId=codebase))["sha"] == there
    here = tree.commit("Here", {"here": ""})
    assert (await ask(hub, "pull_changes", codebaseId=codebase))["sha"] == here
    new = far.commit("There again", {"again": ""})
    error = await refusal(ask(hub, "pull_changes", codebaseId=codebase))
    assert isinstance(error, Refused)
    assert "rebase_branch" in error.message
    assert tree.git("rev-parse", "HEAD") == here
    await ask(hub, "rebase_branch", codebaseId=codebase, onto=new)
    assert tree.git("log", "--format=%s", "-3").splitlines() == ["Here", "There again", "There"]
    tree.write("there", "local")
    far.commit("There too", {"there": "far"})
    tree.git("reset", "--quiet", "--soft", new)
    assert isinstance(await refusal(ask(hub, "pull_changes", codebaseId=codebase, remote="origin", branch="main")), Refused)
    assert (tree.path / "there").read_text() == "local"


@pytest.mark.parametrize(
    "given",
    [
        {"remote": "https://example.com/x.git"}, {"remote": "--upload-pack=touch x"}, {"remote": "nobody"}, {"branch": "nothing"},
        {"branch": "a..b"}, {"branch": "main:refs/heads/other"}, {"branch": "--force"},
    ],
)  # fmt: skip
async def test_it_is_pulled_from_a_branch_of_a_remote_that_the_repository_has(hub: Hub, codebase: str, far: Tree, given: Json) -> None:
    assert isinstance(await refusal(ask(hub, "pull_changes", codebaseId=codebase, **given)), Invalid)


async def test_a_remote_that_does_not_answer_is_given_up(
    hub: Hub, codebase: str, tree: Tree, far: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.git("config", "remote.origin.uploadpack", f"{program(tmp_path / 'slow', 'exec sleep 60')}")
    monkeypatch.setattr(transports, "FETCHING", 0.2)
    assert isinstance(await refusal(ask(hub, "pull_changes", codebaseId=codebase)), Busy)
    monkeypatch.undo()
    told = tmp_path / "told"
    program(tmp_path / "slow", f"echo > {told}", "exec sleep 60")
    await cancelled_when(told, ask(hub, "pull_changes", codebaseId=codebase))
    tree.git("config", "--unset", "remote.origin.uploadpack")
    await ask(hub, "pull_changes", codebaseId=codebase)


async def test_a_pull_calls_no_server_that_its_caller_may_not(tree: Tree, tmp_path: Path) -> None:
    hub = Hub(MemoryStore(), reach="public", repositories=repositories(tmp_path / "own"))
    codebase = await new_codebase(hub, tree)
    before = tree.git("rev-parse", "HEAD")
    for url, error in (("https://127.0.0.1:1/a/b", Forbidden), ("http://127.0.0.1:1/a/b", Forbidden), (str(tmp_path / "far"), Invalid)):
        tree.git("config", "remote.origin.url", url)
        assert isinstance(await refusal(ask(hub, "pull_changes", codebaseId=codebase)), error)
        out = await ask(hub, "check_out_branch", repoPath=str(tree.path), branch="main", pull=True)
        assert out["pulled"] is False
    assert tree.git("rev-parse", "HEAD") == before


async def test_a_password_in_a_remotes_address_is_not_told(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("remote", "add", "origin", "http://ada:geheim@127.0.0.1:9/x.git")
    error = await refusal(ask(hub, "pull_changes", codebaseId=codebase))
    assert "geheim" not in error.message


async def test_a_rebase_keeps_the_branch_as_it_was(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("switch", "--quiet", "feature")
    before = tree.git("rev-parse", "HEAD")
    answer = await ask(hub, "rebase_branch", codebaseId=codebase, onto="main")
    assert (tree.git("rev-parse", "HEAD"), tree.git("rev-parse", "HEAD~1")) == (answer["sha"], tree.git("rev-parse", "main"))
    assert tree.git("rev-parse", answer["savedRef"]) == before
    again = await ask(hub, "rebase_branch", codebaseId=codebase, onto="main")
    assert again == {"success": True, "sha": answer["sha"]}


async def test_a_rebase_that_conflicts_is_given_up_and_names_the_files(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("switch", "--quiet", "--create", "side", "v1")
    before = tree.commit("Lower", {"src/walls.py": "height = 1\n", "line\nbreak": ""})
    error = await refusal(ask(hub, "rebase_branch", codebaseId=codebase, onto="main"))
    assert isinstance(error, Refused)
    assert "src/walls.py" in error.message
    assert (tree.git("rev-parse", "side"), tree.git("branch", "--show-current"), tree.git("status", "--porcelain")) == (before, "side", "")
    tree.write("README.md", "local")
    error = await refusal(ask(hub, "rebase_branch", codebaseId=codebase, onto="main"))
    assert "unstaged changes" in error.message
    assert (tree.path / "README.md").read_text() == "local"


async def test_a_rebase_that_is_cancelled_is_given_up(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    tree.git("switch", "--quiet", "feature")
    before, told = tree.git("rev-parse", "HEAD"), tmp_path / "told"
    program(tree.path / ".git/hooks/reference-transaction", f"test -d {tree.path}/.git/rebase-merge && test ! -e {tmp_path}/done || exit 0",
            f"touch {tmp_path}/done", f"echo > {told}", "exec sleep 60")  # fmt: skip
    await cancelled_when(told, ask(hub, "rebase_branch", codebaseId=codebase, onto="main"))
    assert (tree.git("rev-parse", "HEAD"), tree.git("branch", "--show-current"), tree.git("status", "--porcelain")) == (
        before,
        "feature",
        "",
    )


async def test_a_hard_reset_keeps_commits_changes_and_new_files(hub: Hub, codebase: str, tree: Tree) -> None:
    before = tree.git("rev-parse", "HEAD")
    tree.write("README.md", "changed")
    tree.write("src/roof.py", "in the way of the branch")
    answer = await ask(hub, "reset_branch", codebaseId=codebase, to="feature", mode="hard")
    assert (answer["sha"], tree.git("rev-parse", "HEAD")) == (tree.git("rev-parse", "feature"),) * 2
    assert (tree.path / "src/roof.py").read_text() == "tiles = 100\n"
    ref = answer["savedRef"]
    assert tree.git("rev-parse", f"{ref}^1") == before
    assert tree.git("show", f"{ref}:README.md") == "changed"
    assert tree.git("show", f"{ref}:src/roof.py") == "in the way of the branch"
    assert "savedRef" not in await ask(hub, "reset_branch", codebaseId=codebase, to="feature", mode="hard")


@pytest.mark.parametrize(("mode", "status"), [("soft", "M  src/walls.py"), ("mixed", "M src/walls.py")])
async def test_a_softer_reset_leaves_the_changes_and_keeps_the_commit(hub: Hub, codebase: str, tree: Tree, mode: str, status: str) -> None:
    before = tree.git("rev-parse", "HEAD")
    answer = await ask(hub, "reset_branch", codebaseId=codebase, to="HEAD~1", mode=mode)
    assert tree.git("status", "--porcelain") == status
    assert (tree.git("rev-parse", answer["savedRef"]), saved(tree)) == (before, [answer["savedRef"]])


async def test_in_the_middle_of_a_rebase_the_branch_is_not_moved(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("switch", "--quiet", "--create", "side", "v1")
    tree.commit("Lower", {"src/walls.py": "height = 1\n"})
    tree.git("rebase", "main", fails=True)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("rebase_branch", {"onto": "main"}), ("reset_branch", {"to": "main"}), ("pull_changes", {}), ("commit_changes", {"message": "m"}),
    ]  # fmt: skip
    for operation, given in calls:
        error = await refusal(ask(hub, operation, codebaseId=codebase, **given))
        assert isinstance(error, Refused), operation
        assert "git rebase --abort" in error.message
    await ask(hub, "stage_files", codebaseId=codebase, files=["src/walls.py"])
    tree.git("rebase", "--continue")


async def test_on_no_branch_there_is_nothing_to_pull_or_rebase_but_commits_are_made(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("switch", "--quiet", "--detach")
    calls: list[tuple[str, dict[str, Any]]] = [("rebase_branch", {"onto": "main"}), ("pull_changes", {})]
    for operation, given in calls:
        assert "detached" in (await refusal(ask(hub, operation, codebaseId=codebase, **given))).message
    tree.write("a", "a")
    sha = (await ask(hub, "commit_changes", codebaseId=codebase, files=["a"], message="Alone"))["sha"]
    answer = await ask(hub, "reset_branch", codebaseId=codebase, to="main", mode="hard")
    assert tree.git("rev-parse", answer["savedRef"]) == sha


@pytest.mark.parametrize("to", ["nothing", "--hard", "-q", "HEAD..main", "HEAD:src"])
async def test_a_branch_is_moved_to_a_commit_only(hub: Hub, codebase: str, tree: Tree, to: str) -> None:
    before = tree.git("rev-parse", "HEAD")
    assert isinstance(await refusal(ask(hub, "reset_branch", codebaseId=codebase, to=to, mode="hard")), Invalid)
    assert isinstance(await refusal(ask(hub, "rebase_branch", codebaseId=codebase, onto=to)), Invalid)
    assert tree.git("rev-parse", "HEAD") == before
