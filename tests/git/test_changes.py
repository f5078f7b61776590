"""What is changed in a working tree."""

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL_TENANT
from hub.domain.errors import Invalid
from hub.domain.repositories import ChangedFile
from hub.repositories import Repository
from stores.git.command import Git
from tests.core.support import refusal
from tests.repositories import Tree, new_repository, new_tree, repositories

Seen = tuple[str, int | None, int | None, bool | None]


async def opened(tree: Tree) -> Repository:
    return await repositories().open(str(tree.path), LOCAL_TENANT)


async def files(house: Repository) -> dict[str, Seen]:
    return {one.path: (one.status, one.additions, one.deletions, one.staged) for one in (await house.changes()).files}


async def test_a_clean_tree_has_no_changes(house: Repository) -> None:
    seen = await house.changes()
    assert (seen.branch, seen.files, seen.status.clean, seen.status.modified, seen.status.untracked) == ("main", (), True, 0, 0)


async def test_every_kind_of_change_is_told_with_its_lines(tree: Tree, house: Repository) -> None:
    tree.commit("More", {"gone.txt": "a\nb\n", "old.txt": "same\n" * 20, "link": "a file\n", "part.txt": "1\n"})
    tree.write("src/walls.py", "height = 5\nwidth = 4\ndepth = 1\n")
    tree.write("part.txt", "1\n2\n")
    tree.git("add", "part.txt")
    tree.write("part.txt", "1\n2\n3\n")
    tree.write("picture.png", b"\x89PNG\0\0")
    tree.git("add", "picture.png")
    tree.git("rm", "--quiet", "gone.txt")
    tree.git("mv", "old.txt", "new name.txt")
    (tree.path / "link").unlink()
    (tree.path / "link").symlink_to("src")
    tree.write("fresh.txt", "one\ntwo")
    tree.write("ignored.log", "x")
    tree.write("fresh.bin", b"\0\1\2")
    assert await files(house) == {
        "src/walls.py": ("modified", 2, 1, False), "part.txt": ("modified", 2, 0, None), "picture.png": ("added", None, None, True),
        "gone.txt": ("deleted", 0, 2, True), "new name.txt": ("renamed", 0, 0, True), "link": ("typechange", 1, 1, False),
        "fresh.txt": ("untracked", 2, 0, False), "fresh.bin": ("untracked", None, None, False),
    }  # fmt: skip
    seen = await house.changes()
    assert (seen.status.clean, seen.status.modified, seen.status.untracked) == (False, 6, 2)
    assert next(one for one in seen.files if one.status == "renamed").previous_path == "old.txt"


async def test_names_are_told_as_they_are(tree: Tree, house: Repository) -> None:
    names = ["a b", "-rf", "--help", "new\nline", "tab\there", "ünï☃", 'quo"te', "back\\slash", "arrow -> there", "*", ":(top)x"]
    for name in names:
        tree.write(name, "one\n")
    assert await files(house) == dict.fromkeys(names, ("untracked", 1, 0, False))
    for name in names:
        assert "+one" in (await house.file_diff(name, "untracked", None)).patch, name
    assert [one.error for one in await house.file_stats(names)] == [None] * len(names)
    tree.git("add", "--all")
    assert await files(house) == dict.fromkeys(names, ("added", 1, 0, True))


async def test_a_name_that_is_no_utf8_does_not_hide_the_others(tree: Tree, house: Repository) -> None:
    with open(os.fsencode(tree.path) + b"/\xff\xfe.txt", "wb") as file:
        file.write(b"x\n")
    tree.write("other.txt", "x\n")
    seen = await house.changes()
    assert {one.path for one in seen.files} == {"\ufffd\ufffd.txt", "other.txt"}
    assert seen.to_json()


async def test_a_repository_without_a_commit_has_its_branch_and_its_files(tmp_path: Path) -> None:
    tree = new_tree(tmp_path / "empty", "trunk")
    house = await opened(tree)
    assert ((await house.changes()).branch, await house.branch(), (await house.changes()).status.clean) == ("trunk", "trunk", True)
    tree.write("staged.txt", "a\nb\n")
    tree.git("add", "staged.txt")
    tree.write("loose.txt", "a\n")
    assert await files(house) == {"staged.txt": ("added", 2, 0, True), "loose.txt": ("untracked", 1, 0, False)}
    assert "+a\n+b" in (await house.file_diff("staged.txt", "added", None)).patch
    assert [(one.additions, one.error) for one in await house.file_stats(["staged.txt", "loose.txt"])] == [(2, None), (1, None)]
    assert (await house.commits((), "", 0, 10)).total == 0
    assert (await house.refs()).head is None
    assert await house.beyond(["trunk"]) is None


async def test_in_the_middle_of_a_rebase_no_branch_is_checked_out_and_conflicts_are_told(tree: Tree, house: Repository) -> None:
    tree.git("switch", "--quiet", "feature")
    tree.commit("Lower", {"src/walls.py": "height = 1\nwidth = 4\n"})
    tree.git("rebase", "--quiet", "main", fails=True)
    seen = await house.changes()
    assert (seen.branch, await house.branch()) == ("HEAD", None)
    assert [(one.path, one.status) for one in seen.files] == [("src/walls.py", "conflicted")]
    assert "<<<<<<<" in (await house.file_diff("src/walls.py", "conflicted", None)).patch


async def test_a_locked_index_is_no_hindrance_to_a_look(tree: Tree, house: Repository) -> None:
    tree.write("src/walls.py", "")
    tree.write(".git/index.lock", "")
    assert await files(house) == {"src/walls.py": ("modified", 0, 2, False)}


async def test_a_branch_is_told_how_far_it_is_from_its_upstream(tree: Tree, tmp_path: Path) -> None:
    tree.git("clone", "--quiet", str(tree.path), str(tmp_path / "clone"))
    clone = Tree(tmp_path / "clone", commits=9)
    clone.git("config", "user.name", "Ada")
    clone.commit("Mine")
    tree.commit("Theirs")
    tree.commit("Theirs too")
    clone.git("fetch", "--quiet")
    house = await opened(clone)
    status = (await house.changes()).status
    assert (status.ahead, status.behind, status.clean) == (1, 2, True)
    assert await house.remote_url() == str(tree.path)
    clone.git("remote", "set-url", "origin", "https://ada:secret@git.example.com/house.git")
    assert await house.remote_url() == "https://git.example.com/house.git"


async def test_a_submodule_is_one_change_and_its_own_tree_is_not_looked_at(tree: Tree, house: Repository, tmp_path: Path) -> None:
    shed = new_repository(tmp_path / "shed")
    tree.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(shed.path), "shed")
    tree.commit("A shed")
    tree.write("shed/README.md", "changed\n")
    assert await files(house) == {}
    Tree(tree.path / "shed", 9).git("checkout", "--quiet", "v1")
    assert await files(house) == {"shed": ("modified", 1, 1, False)}


async def test_programs_that_only_the_repository_names_are_not_run_by_a_look(tree: Tree, house: Repository, tmp_path: Path) -> None:
    spy = tree.write("spy.sh", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    spy.chmod(0o755)
    tree.commit("A spy", {".gitattributes": "*.py diff=spy\n"})
    for name in ("core.fsmonitor", "diff.external", "diff.spy.textconv", "diff.spy.command", "core.pager", "gpg.program"):
        tree.git("config", name, str(spy))
    tree.git("config", "log.showSignature", "true")
    tree.write("src/walls.py", "")
    await house.changes()
    await house.file_diff("src/walls.py", "modified", None)
    await house.commits((), "a", 0, 10)
    await house.commit_diff("HEAD", 3)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "path",
    ["../house/README.md", "/etc/passwd", "src/../../x", ".git/config", "src/.GIT/config", ".", "out/passwd", "out/../../x", ".git"],
)
async def test_a_path_that_leads_out_is_refused(tree: Tree, house: Repository, tmp_path: Path, path: str) -> None:
    (tmp_path / "passwd").write_text("secret\n")
    (tree.path / "out").symlink_to(tmp_path)
    assert isinstance(await refusal(house.file_diff(path, "untracked", None)), Invalid)
    assert isinstance(await refusal(house.file_diff("README.md", "renamed", path)), Invalid)
    [told] = await house.file_stats([path])
    assert (told.path, told.additions, bool(told.error)) == (path, 0, True)


async def test_a_link_is_shown_as_the_link_that_it_is(tree: Tree, house: Repository, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("secret\nand more\n")
    (tree.path / "out").symlink_to(tmp_path / "passwd")
    assert await files(house) == {"out": ("untracked", 1, 0, False)}
    diff = await house.file_diff("out", "untracked", None)
    assert "secret" not in diff.patch
    assert f"+{tmp_path}/passwd" in diff.patch
    [told] = await house.file_stats(["out"])
    assert told.additions == 1


async def test_what_git_ignores_is_not_shown(tree: Tree, house: Repository) -> None:
    tree.write("secret.log", "password\n")
    diff = await house.file_diff("secret.log", "untracked", None)
    assert (diff.patch, diff.additions) == ("", 0)
    assert [one.additions for one in await house.file_stats(["secret.log"])] == [0]


async def test_a_file_is_shown_as_a_patch(tree: Tree, house: Repository) -> None:
    tree.write("src/walls.py", "height = 5\nwidth = 4\n")
    diff = await house.file_diff("src/walls.py", "modified", None)
    assert (diff.additions, diff.deletions, diff.truncated) == (1, 1, None)
    assert diff.patch.startswith("diff --git a/src/walls.py b/src/walls.py\n")
    tree.write("picture.png", b"\0")
    assert "Binary files" in (await house.file_diff("picture.png", "untracked", None)).patch
    tree.git("mv", "README.md", "READ.md")
    assert "rename from README.md\nrename to READ.md" in (await house.file_diff("READ.md", "renamed", "README.md")).patch
    assert (await house.file_diff(".gitignore", "modified", None)).patch == ""


async def test_a_huge_diff_is_cut_and_says_so(tree: Tree, house: Repository) -> None:
    tree.write("huge.txt", ("x" * 79 + "\n") * 200_000)
    for status in ("untracked", "added"):
        diff = await house.file_diff("huge.txt", "untracked" if status == "untracked" else "added", None)
        assert (diff.truncated, diff.additions, diff.patch[-81:]) == (True, 200_000, "+" + "x" * 79 + "\n")
        assert 900_000 < len(diff.patch) <= 1_000_000
        tree.git("add", "--all")
    assert (await files(house))["huge.txt"] == ("added", 200_000, 0, True)


async def test_the_lines_of_named_files_are_counted(tree: Tree, house: Repository) -> None:
    tree.write("src/walls.py", "")
    tree.write("fresh.txt", "a\nb\n")
    (tree.path / "README.md").unlink()
    names = ["fresh.txt", "src/walls.py", "README.md", ".gitignore", "nothing", "src"]
    told = [(one.path, one.additions, one.deletions, one.error is None) for one in await house.file_stats(names)]
    assert told == [
        ("fresh.txt", 2, 0, True), ("src/walls.py", 0, 2, True), ("README.md", 0, 1, True), (".gitignore", 0, 0, True),
        ("nothing", 0, 0, False), ("src", 0, 0, True),
    ]  # fmt: skip


async def test_two_thousand_changed_files_are_told_in_two_runs_of_git(
    tree: Tree, house: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.commit("Many", {f"many/{number % 50}/{number}.txt": f"{number}\n" * 20 for number in range(2000)})
    for number in range(2000):
        tree.write(f"many/{number % 50}/{number}.txt", f"{number}\n" * 19 + "changed\nadded\n")
    runs: list[Any] = []
    started = Git._started

    async def counting(*args: Any) -> Any:
        runs.append(args)
        return await started(*args)

    monkeypatch.setattr(Git, "_started", counting)
    before = _processor_seconds()
    seen = await house.changes()
    spent = _processor_seconds() - before
    lines = {(one.status, one.additions, one.deletions) for one in seen.files}
    assert (len(seen.files), lines, len(runs)) == (2000, {("modified", 2, 1)}, 2)
    assert spent < 1.5, f"{spent:.2f} s of processor time"
    assert isinstance(seen.files[0], ChangedFile)


def _processor_seconds() -> float:
    """Of this process and of those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
