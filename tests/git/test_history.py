"""Refs, commits and diffs."""

from pathlib import Path

import pytest

from hub.access import LOCAL_TENANT
from hub.domain.errors import HubError, Invalid
from hub.repositories import Repository
from tests.core.support import refusal
from tests.repositories import Tree, repositories


async def summaries(house: Repository, *refs: str, search: str = "", skip: int = 0, limit: int = 40) -> list[str]:
    return [one.summary for one in (await house.commits(refs, search, skip, limit)).commits]


async def test_refs_are_told_by_kind_and_a_tag_stands_on_its_commit(tree: Tree, house: Repository, tmp_path: Path) -> None:
    tree.git("tag", "--annotate", "v2", "--message", "The second")
    tree.git("clone", "--quiet", "--bare", str(tree.path), str(tmp_path / "far.git"))
    tree.git("remote", "add", "origin", str(tmp_path / "far.git"))
    tree.git("fetch", "--quiet", "origin")
    tree.git("remote", "set-head", "origin", "main")
    refs, head = await house.refs(), tree.git("rev-parse", "HEAD")
    assert refs.head
    assert (refs.head.name, refs.head.kind, refs.head.commit_sha) == ("main", "head", head)
    assert [(one.name, one.is_current) for one in refs.local] == [("feature", False), ("main", True)]
    assert [(one.remote, one.name) for one in refs.remote] == [("origin", "feature"), ("origin", "main")]
    assert [(one.name, one.commit_sha == head) for one in refs.tags] == [("v1", False), ("v2", True)]
    [newest] = (await house.commits((), "", 0, 1)).commits
    assert [(one.kind, one.remote, one.name) for one in newest.refs] == [
        ("local", None, "main"), ("tag", None, "v2"), ("remote", "origin", "main"),
    ]  # fmt: skip


async def test_without_a_branch_that_is_checked_out_there_is_no_head(tree: Tree, house: Repository) -> None:
    tree.git("switch", "--quiet", "--detach")
    assert (await house.refs()).head is None
    assert (await summaries(house))[0] == "Higher"


async def test_commits_are_told_newest_first_and_by_page(house: Repository) -> None:
    page = await house.commits((), "", 0, 2)
    assert ([one.summary for one in page.commits], page.total, page.has_more, page.next_skip) == (["Higher", "A roof"], 3, True, 2)
    page = await house.commits((), "", 2, 2)
    assert ([one.summary for one in page.commits], page.total, page.has_more, page.next_skip) == (["The first"], 3, False, None)
    assert await summaries(house, "feature") == ["A roof", "The first"]
    assert await summaries(house, "main", "v1") == ["Higher", "The first"]
    assert await summaries(house, skip=99) == []
    [higher] = (await house.commits(("main",), "", 0, 1)).commits
    assert (higher.message, higher.author_name, higher.author_email) == ("Higher\n\nIt was too low.", "Ada", "ada@example.com")
    assert higher.authored_at == "2026-01-01T00:00:03+00:00"
    assert higher.sha.startswith(higher.short_sha)


async def test_a_search_looks_at_summary_author_and_name(tree: Tree, house: Repository) -> None:
    sha = tree.git("rev-parse", "feature")
    assert await summaries(house, search="HIGH") == ["Higher"]
    assert await summaries(house, search="ada@") == ["Higher", "A roof", "The first"]
    assert await summaries(house, search=sha[:8]) == ["A roof"]
    assert await summaries(house, "main", search="roof") == []
    assert await summaries(house, search=".*") == []
    page = await house.commits((), "ada", 0, 2)
    assert (page.total, page.has_more, page.next_skip) == (3, True, 2)


async def test_a_hostile_message_stays_one_message(tree: Tree, house: Repository) -> None:
    message = "one\x1ftwo\x1ethree\x01 -> tag: v9, HEAD\n\n:100644 100644 a b M\n1\t1\tx\n\ndiff --git a/x b/x"
    tree.commit(message, {"src/walls.py": "x\n"})
    page = await house.commits(("main",), "", 0, 2)
    assert [one.message for one in page.commits] == [message, "Higher\n\nIt was too low."]
    detail = await house.commit("main")
    assert (detail.commit.message, [one.path for one in detail.files]) == (message, ["src/walls.py"])
    base = await house.beyond(["feature"])
    assert base
    assert [(one.additions, one.deletions) for one in base.commits] == [(1, 2), (1, 1)]


async def test_a_commit_is_told_with_its_files(tree: Tree, house: Repository) -> None:
    tree.commit("Base", {"a.txt": "same\n" * 30, "b.txt": "b\n", "c.bin": b"\0"})
    tree.git("mv", "a.txt", "moved\tto.txt")
    tree.git("rm", "--quiet", "b.txt")
    tree.commit("All kinds", {"c.bin": b"\0\1", "new.txt": "1\n2\n"})
    detail = await house.commit("HEAD")
    assert {(one.path, one.previous_path, one.status, one.additions, one.deletions) for one in detail.files} == {
        ("moved\tto.txt", "a.txt", "renamed", 0, 0), ("b.txt", None, "deleted", 0, 1), ("c.bin", None, "modified", 0, 0),
        ("new.txt", None, "added", 2, 0),
    }  # fmt: skip
    assert [one.path for one in (await house.commit("v1")).files] == [".gitignore", "README.md", "src/walls.py"]
    tree.commit("Nothing")
    assert (await house.commit("HEAD")).files == ()
    diff = await house.commit_diff("HEAD", 3)
    assert (diff.summary, diff.patch, diff.additions) == ("Nothing", "", 0)


async def test_a_merge_is_shown_against_its_first_parent(tree: Tree, house: Repository) -> None:
    tree.git("merge", "--quiet", "--no-edit", "feature")
    detail = await house.commit("HEAD")
    assert (len(detail.commit.parents), [one.path for one in detail.files]) == (2, ["src/roof.py"])
    diff = await house.commit_diff("HEAD", 3)
    assert (diff.additions, "+tiles = 100" in diff.patch) == (1, True)


async def test_a_commits_patch_has_as_much_around_it_as_is_wanted(tree: Tree, house: Repository) -> None:
    lines = [f"{number}\n" for number in range(100)]
    tree.commit("Lines", {"lines.txt": "".join(lines)})
    tree.commit("One", {"lines.txt": "".join([*lines[:50], "changed\n", *lines[51:]])})
    short, whole = await house.commit_diff("HEAD", 3), await house.commit_diff("HEAD", 1_000_000)
    assert (short.patch.count("\n "), whole.patch.count("\n ")) == (6, 99)
    assert (short.additions, short.deletions, short.truncated, short.sha) == (1, 1, None, tree.git("rev-parse", "HEAD"))
    tree.commit("Huge", {"huge.txt": ("x" * 79 + "\n") * 100_000})
    huge = await house.commit_diff("HEAD", 3)
    assert (huge.additions, huge.truncated, len(huge.patch) <= 1_000_000) == (100_000, True, True)


async def test_commits_beyond_a_base_leave_out_what_is_on_it_here_or_on_origin(tree: Tree, house: Repository, tmp_path: Path) -> None:
    assert await house.beyond(["nothing", "neither"]) is None
    tree.git("clone", "--quiet", "--bare", str(tree.path), str(tmp_path / "far.git"))
    tree.git("remote", "add", "origin", str(tmp_path / "far.git"))
    tree.git("fetch", "--quiet", "origin")
    base = await house.beyond(["main"])
    assert base
    assert (base.ref, base.commits) == ("origin/main", ())
    tree.commit("Not pushed", {"a.txt": "a\n"})
    base = await house.beyond(["main"])
    assert base
    assert [one.summary for one in base.commits] == ["Not pushed"]
    tree.git("switch", "--quiet", "--create", "task")
    tree.commit("Of the task")
    for named in (["main"], ["nothing", "main"], ["origin/main"]):
        base = await house.beyond(named)
        assert base
        assert [one.summary for one in base.commits] == (["Of the task"] if named != ["origin/main"] else ["Of the task", "Not pushed"])
    assert await house.beyond(["*"]) is None


@pytest.mark.parametrize("name", ["nothing", "-x", "--all", "--output=/tmp/x", "main..feature", "^main", "HEAD~99", "0" * 40, "main:src"])
async def test_what_names_no_commit_is_refused(house: Repository, name: str) -> None:
    for call in (house.commit(name), house.commit_diff(name, 3)):
        assert isinstance(await refusal(call), HubError)
    if not name.startswith(("main", "^")):
        assert isinstance(await refusal(house.commits((name,), "", 0, 1)), Invalid)


async def test_an_option_in_the_place_of_a_ref_does_nothing(tree: Tree, house: Repository, tmp_path: Path) -> None:
    for name in (f"--output={tmp_path}/made", "--exec=touch made", "-O/dev/null"):
        await refusal(house.commits((name,), "", 0, 1))
        await refusal(house.commit(name))
    assert not (tmp_path / "made").exists()


async def test_a_search_in_an_empty_history_finds_nothing(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.git("init", "--quiet")
    empty = await repositories().open(str(tree.path), LOCAL_TENANT)
    assert (await empty.commits((), "x", 0, 5)).total == 0
    assert isinstance(await refusal(empty.commit("HEAD")), HubError)
