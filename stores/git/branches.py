"""Branches of a repository, and its working tree as far as they move it."""

import asyncio
from contextlib import suppress
from pathlib import Path

from hub.domain.errors import NotFound, Refused
from hub.domain.repositories import TreeStatus
from hub.repository_changes import BranchNames
from hub.repository_remotes import Terms
from stores.git import formats
from stores.git.changing import branch_of, check_branch, commit_of, line, turn, write
from stores.git.command import Git, GitFailed
from stores.git.reading import STATUS, tree_status
from stores.git.refusals import refusing
from stores.git.saving import keep_commit, saved_or_refused
from stores.git.transports import fetch

HEADS, REMOTES = "refs/heads/", "refs/remotes/"


class GitBranches:
    """Branches."""

    def __init__(self, top: Path, git: Git) -> None:
        self._top, self._git = top, git

    async def names(self) -> BranchNames:
        return BranchNames(await branch_of(self._git, self._top) or "HEAD", *await self._refs())

    async def look(self) -> tuple[BranchNames, TreeStatus]:
        with refusing("look at it"):
            (local, remote), said = await asyncio.gather(self._refs(), self._git.run(self._top, *STATUS))
        status = formats.status(said)
        return BranchNames(status.branch, local, remote), tree_status(status)

    async def fetch(self, terms: Terms) -> None:
        async with turn(self._git, self._top):
            remotes = (await line(self._git, self._top, "remote")).split()
            if not remotes:
                return
            one = "origin" if "origin" in remotes else remotes[0]
            await fetch(self._git, self._top, terms, "--all" if terms.own and terms.reach == "all" else one)

    async def check_out(self, branch: str, create: bool) -> None:
        await check_branch(self._git, self._top, branch)
        async with turn(self._git, self._top):
            known = await self.names()
            if branch == known.current:
                return
            origin = f"{REMOTES}origin/{branch}"
            if branch in known.local:
                words = ["--no-guess", branch]
            elif await commit_of(self._git, self._top, origin):
                words = ["--track", "-c", branch, origin]
            elif create:
                words = ["-c", branch]
            else:
                raise NotFound("branch", branch)
            await write(self._git, self._top, "check it out", "switch", "--quiet", "--no-recurse-submodules", *words)

    async def delete(self, branch: str, force: bool) -> str:
        await check_branch(self._git, self._top, branch)
        async with turn(self._git, self._top):
            commit = await commit_of(self._git, self._top, HEADS + branch)
            if commit is None:
                raise NotFound("branch", branch)
            if branch == await branch_of(self._git, self._top):
                raise Refused(f"{branch} is checked out, so it cannot be deleted. Check another branch out first.")
            saved = await keep_commit(self._git, self._top, branch, commit)
            try:
                await write(self._git, self._top, "delete the branch", "branch", "-D" if force else "-d", "--", branch)
            except Refused:
                with suppress(GitFailed):
                    await self._git.run(self._top, "update-ref", "-d", saved, commit, writes=True)
                raise
            return saved

    async def discard_changes(self) -> str | None:
        async with turn(self._git, self._top):
            if await commit_of(self._git, self._top, "HEAD") is None:
                raise Refused("There is no commit yet that the working tree could go back to. Commit something first.")
            saved = await saved_or_refused(self._git, self._top, "changes", "Discarded changes")
            await write(self._git, self._top, "reset", "reset", "--quiet", "--hard", "--no-recurse-submodules", "HEAD")
            await write(self._git, self._top, "delete new files", "clean", "--force", "--quiet", "-d")
            return saved

    async def _refs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The local ones and the remotes', but for those that only say which one is meant, like a remote's HEAD."""
        with refusing("list the branches"):
            said = await line(self._git, self._top, "for-each-ref", "--format=%(refname)%00%(symref)", HEADS, REMOTES)
        readable = said.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        names = [name for name, _, aims_at in (one.partition("\0") for one in readable.split("\n")) if not aims_at]
        remote = [name.removeprefix(REMOTES).removeprefix("origin/") for name in names if name.startswith(REMOTES)]
        return tuple(name.removeprefix(HEADS) for name in names if name.startswith(HEADS)), tuple(remote)
