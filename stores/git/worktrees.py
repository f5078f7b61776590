"""Working trees beside the first one of a repository: made, looked at, and removed without losing what is in them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hub.domain.errors import HubError, Invalid, Refused
from stores.git.changing import branch_of, check_branch, commit_of, known_commit, line, split, turn, write
from stores.git.command import Git, GitFailed
from stores.git.refusals import refusing
from stores.git.saving import keep, keep_commit, newest, picture, unnamed, without_repositories

UNFINISHED = "initializing"
"""Git's own reason for the lock of a working tree that it is still making."""


class Entry(NamedTuple):
    """What git knows of a working tree."""

    path: Path
    branch: str | None
    locked: str | None
    """The reason, which may be empty."""


class GitWorkingTrees:
    """WorkingTrees."""

    def __init__(self, top: Path, git: Git) -> None:
        self._top, self._git = top, git

    async def plan(self, path: Path, branch: str, base: str | None) -> str:
        await check_branch(self._git, self._top, branch)
        with refusing("list the worktrees"):
            entries = await self._entries()
        if inside := next((one.path for one in entries if path != one.path and path.is_relative_to(one.path)), None):
            raise Invalid(
                f"A worktree cannot be in the working tree {str(inside)!r}. Name another worktreeRoot in the workspace's metadata."
            )
        if holder := next((one for one in entries if one.branch == branch and one.path != path), None):
            raise Refused(f"The branch {branch!r} is checked out in {str(holder.path)!r}. Take another branch.")
        if base is None:
            base = await branch_of(self._git, self._top) or await commit_of(self._git, self._top, "HEAD")
        if base is None or await commit_of(self._git, self._top, base) is None:
            raise Invalid(f"baseBranch: there is no commit {base or 'HEAD'!r} to begin from. Name a branch, a tag or a commit's sha.")
        return base

    async def add(self, path: Path, branch: str, base: str) -> None:
        async with turn(self._git, self._top):
            await check_branch(self._git, self._top, branch)
            known = await self._entry(path)
            if known and known.locked == UNFINISHED:
                await self._take_away(path)
                known = None
            there = await asyncio.to_thread(_filled, path)
            if known and known.branch == branch and there:
                return
            if known or there:
                raise Refused(f"There is something at {str(path)!r} already. Move it away, or take another branch.")
            start = await commit_of(self._git, self._top, f"refs/heads/{branch}")
            if start:
                await self._add(path, branch)
            else:
                base = await known_commit(self._git, self._top, base)
                await self._add_new(path, branch, base)

    async def problem(self, path: Path) -> str | None:
        async with turn(self._git, self._top):
            entry = await self._entry(path)
            if entry and entry.locked == UNFINISHED:
                return "Making it was not finished. create_worktree with its branch does that; delete_worktree takes it away."
            if not await asyncio.to_thread(path.is_dir):
                return (
                    f"There is no folder {str(path)!r}: it was moved or deleted. If it was moved: git worktree move. Else: delete_worktree."
                )
            if entry is None or await self._stranger(path):
                return f"{str(path)!r} is no working tree of this repository (any more). git worktree repair may mend it."
            return None

    async def remove(self, path: Path, branch: str, name: str, *, delete_branch: bool) -> str | None:
        async with turn(self._git, self._top):
            entries = await self._entries()
            entry = next((one for one in entries if one.path == path), None)
            there = await asyncio.to_thread(_filled, path)
            self._check_removal(path, there, entry, entries)
            if delete_branch and (holder := next((one for one in entries if one.branch == branch and one is not entry), None)):
                raise Refused(f"The branch {branch!r} is checked out in {str(holder.path)!r}, too. Delete without deleteBranch.")
            tip = await commit_of(self._git, self._top, f"refs/heads/{branch}") if delete_branch else None
            with refusing("keep what is in the worktree, so it was not removed"):
                await self._keep(path if entry and there else None, name, branch, tip)
            if entry:
                await self._take_away(path)
            if tip:
                await write(self._git, self._top, "delete the branch", "update-ref", "-d", f"refs/heads/{branch}", tip)
                with suppress(HubError):  # mostly it has none
                    await write(self._git, self._top, "forget the branch", "config", "--remove-section", f"branch.{branch}")
            return await newest(self._git, self._top, name)

    def _check_removal(self, path: Path, there: bool, entry: Entry | None, entries: Sequence[Entry]) -> None:
        if entries[0].path == path:
            raise Refused("It is the repository's first working tree, which stays.")
        if entry and entry.locked not in (None, UNFINISHED):
            raise Refused(f"It is locked: {entry.locked or 'no reason was given'}. git worktree unlock {path} allows to remove it.")
        if entry is None and there:
            raise Refused(f"Git knows of no working tree {str(path)!r}. Mend it with git worktree repair, or move the folder away.")

    async def _keep(self, path: Path | None, name: str, branch: str, tip: str | None) -> None:
        """`path`: a working tree that is there; `tip`: of the branch when it is to be deleted."""
        without = branch if tip else None
        if path is None:
            for commit in await unnamed(self._git, self._top, [tip], without):
                await keep_commit(self._git, self._top, name, commit)
            return
        shown = await picture(self._git, path)
        without_repositories(shown)
        commits = await unnamed(self._git, self._top, [await commit_of(self._git, path, "HEAD"), tip], without)
        await keep(self._git, path, name, f"The worktree of {branch} as it was removed", shown, commits)

    async def _take_away(self, path: Path) -> None:
        """Forced, because what is in it was kept; twice, because git locks what is unfinished. What its user has locked was refused."""
        await write(self._git, self._top, "remove the worktree", "worktree", "remove", "--force", "--force", str(path))

    async def _add(self, path: Path, branch: str) -> None:
        await write(self._git, self._top, "make the worktree", "worktree", "add", str(path), branch)

    async def _add_new(self, path: Path, branch: str, base: str) -> None:
        """When that leaves nothing behind, it does not leave the branch."""
        try:
            await write(self._git, self._top, "make the worktree", "worktree", "add", "--no-track", "-b", branch, str(path), base)
        except BaseException:
            with suppress(GitFailed):
                if await self._entry(path) is None:  # a hook may have failed behind it
                    await self._git.run(self._top, "update-ref", "-d", f"refs/heads/{branch}", base, writes=True)
            raise

    async def _stranger(self, path: Path) -> bool:
        try:
            common = [await line(self._git, one, "rev-parse", "--path-format=absolute", "--git-common-dir") for one in (path, self._top)]
        except GitFailed:
            return True
        return common[0] != common[1]

    async def _entry(self, path: Path) -> Entry | None:
        return next((one for one in await self._entries() if one.path == path), None)

    async def _entries(self) -> list[Entry]:
        """The first one first."""
        output = await self._git.run(self._top, "worktree", "list", "--porcelain", "-z")
        return [_entry(split(one)) for one in output.split(b"\0\0") if one]


def _entry(lines: Sequence[str]) -> Entry:
    said = {name: rest for name, _, rest in (one.partition(" ") for one in lines)}
    branch = said["branch"].removeprefix("refs/heads/") if "branch" in said else None
    return Entry(Path(said["worktree"]), branch, said.get("locked"))


def _filled(path: Path) -> bool:
    try:
        return any(path.iterdir())
    except NotADirectoryError:
        return True
    except OSError:
        return False
