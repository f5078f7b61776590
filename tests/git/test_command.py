"""Running git: bounded in time and size, and ended with everything that it started."""

import asyncio
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from hub.domain.errors import Busy, Invalid, Refused
from stores.git.command import Git, GitFailed
from stores.git.refusals import refusal as told_of
from tests.core.support import refusal
from tests.programs.conftest import gone
from tests.repositories import Tree

LONG = ("cat-file", "blob", ":long.txt")


@pytest.fixture
def git() -> Git:
    return Git(os.environ)


@pytest.fixture
def long(tree: Tree) -> Tree:
    tree.write("long.txt", "x" * 3_000_000)
    tree.git("add", "long.txt")
    return tree


async def test_what_is_too_much_is_an_error_or_cut(git: Git, long: Tree) -> None:
    with anyio.fail_after(20):
        assert isinstance(await refusal(git.run(long.path, *LONG, largest=1000)), Invalid)
        assert await git.run(long.path, *LONG, largest=1000, cut=True) == b"x" * 1000
        assert len(await git.run(long.path, *LONG, cut=True)) == 3_000_000
        assert await git.run(long.path, *LONG, largest=3_000_000) == b"x" * 3_000_000


async def test_what_is_late_is_busy_and_nothing_of_it_is_left(git: Git, tree: Tree, tmp_path: Path) -> None:
    tree.git("config", "alias.wait", f"!echo $$ > {tmp_path}/pid; exec sleep 600")
    with anyio.fail_after(20):
        assert isinstance(await refusal(git.run(tree.path, "wait", patience=0.5)), Busy)
    await gone(int((tmp_path / "pid").read_text()))


async def test_a_cancelled_run_leaves_nothing_behind(git: Git, long: Tree, tmp_path: Path) -> None:
    long.git("config", "alias.wait", f"!echo $$ > {tmp_path}/pid; cat long.txt; exec sleep 600")
    running = asyncio.ensure_future(git.run(long.path, "wait"))
    with anyio.fail_after(20):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            await anyio.lowlevel.checkpoint()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await gone(int((tmp_path / "pid").read_text()))


async def test_only_so_many_looks_run_at_a_time(git: Git, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = 0
    started = git._started

    async def counting(*args: Any) -> asyncio.subprocess.Process:
        nonlocal running, most
        running += 1
        most = max(most, running)
        process = await started(*args)
        await process.wait()
        running -= 1
        return process

    monkeypatch.setattr(git, "_started", counting)
    await asyncio.gather(*(git.run(tree.path, "rev-parse", "HEAD") for _ in range(30)))
    assert 1 < most <= 8


async def test_no_git_and_no_folder_are_told(tmp_path: Path) -> None:
    assert isinstance(await refusal(Git({"PATH": str(tmp_path)}).run(tmp_path, "version")), Invalid)
    assert isinstance(await refusal(Git(os.environ).run(tmp_path / "nothing", "version")), Invalid)


async def test_failures_say_what_to_do_and_nothing_secret(git: Git, tree: Tree) -> None:
    tree.write(".git/index.lock", "")
    with pytest.raises(GitFailed) as failed:
        await git.run(tree.path, "add", "--all", writes=True)
    error = told_of(failed.value, "stage it")
    assert isinstance(error, Refused)
    assert "another git is at work" in error.message
    unknown = told_of(GitFailed(128, "fatal: cannot reach https://ada:secret@example.com/x.git"), "read it")
    assert unknown.message == "git could not read it: fatal: cannot reach https://example.com/x.git"
    assert told_of(GitFailed(3, ""), "read it").message == "git could not read it: it ended with code 3"
