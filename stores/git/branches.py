"""Branches of a repository, and its working tree as far as they move it."""

import asyncio
from contextlib import suppress
from pathlib import Path

from hub.domain.clones import source_of
from hub.domain.errors import Invalid, NotFound, Refused
from hub.repository_remotes import BranchNames, Standing, Terms
from stores.git.changing import turn
from stores.git.command import USUAL, Git, GitFailed, Setting
from stores.git.saving import keep_commit, saved_or_refused
from stores.git.transports import failure_of, setting_for

HEADS, REMOTES = "refs/heads/", "refs/remotes/"
FETCHING = 120.0
"""Seconds: somebody waits for it."""
ELSEWHERE = ("checked out at", "used by worktree")


class GitBranches:
    """Branches."""

    def __init__(self, path: Path, git: Git) -> None:
        self._path, self._git = path, git

    async def names(self) -> BranchNames:
        return BranchNames(await self._current(), *await self._refs())

    async def look(self) -> tuple[BranchNames, Standing]:
        (local, remote), (current, standing) = await asyncio.gather(self._refs(), self._status())
        return BranchNames(current, local, remote), standing

    async def fetch(self, terms: Terms) -> None:
        remotes = (await self._read("remote")).split()
        if remotes and terms.own and terms.reach == "all":
            await self._fetch(USUAL, "its remote", "--all")
        elif remotes:
            await self.fetch_from("origin" if "origin" in remotes else remotes[0], terms)

    async def fetch_from(self, remote: str, terms: Terms, *refs: str) -> None:
        """From one of the configured remotes, if the hub may call it for this tenant. Raises Refused, Busy, Forbidden, Invalid."""
        if terms.own and terms.reach == "all":
            await self._fetch(USUAL, remote, remote, *refs)
            return
        source = source_of(await self._read("ls-remote", "--get-url", remote))
        await self._fetch(await setting_for(source, terms), source.host, remote, *refs)

    async def pull(self, terms: Terms) -> None:
        await self.fetch(terms)
        try:
            await self._change("merge", "--ff-only", "@{upstream}")
        except GitFailed as failure:
            raise _pull_refused(failure) from None

    async def check_out(self, branch: str, create: bool) -> None:
        await self._expect_name(branch)
        known = await self.names()
        if branch == known.current:
            return
        origin = f"{REMOTES}origin/{branch}"
        if branch in known.local:
            words = ["--no-guess", branch]
        elif await self._commit(origin):
            words = ["--track", "-c", branch, origin]
        elif create:
            words = ["-c", branch]
        else:
            raise NotFound("branch", branch)
        async with turn(self._git, self._path):
            try:
                await self._change("switch", "--no-recurse-submodules", *words)
            except GitFailed as failure:
                raise _switch_refused(branch, failure) from None

    async def delete(self, branch: str, force: bool) -> str:
        await self._expect_name(branch)
        commit = await self._commit(HEADS + branch)
        if commit is None:
            raise NotFound("branch", branch)
        if branch == await self._current():
            raise Refused(f"{branch} is checked out, so it cannot be deleted. Check another branch out first.")
        async with turn(self._git, self._path):
            saved = await keep_commit(self._git, self._path, branch, commit)
            try:
                await self._change("branch", "-D" if force else "-d", "--", branch)
            except GitFailed as failure:
                with suppress(GitFailed):
                    await self._change("update-ref", "-d", saved, commit)
                raise _deletion_refused(branch, failure) from None
        return saved

    async def discard_changes(self) -> str | None:
        if await self._commit("HEAD") is None:
            raise Refused("There is no commit yet that the working tree could go back to. Commit something first.")
        _, standing = await self._status()
        if not standing.modified and not standing.untracked:
            return None
        async with turn(self._git, self._path):
            saved = await saved_or_refused(self._git, self._path, "changes", "Discarded changes")
            try:
                await self._change("reset", "--hard", "--no-recurse-submodules", "HEAD")
                await self._change("clean", "-fd")
            except GitFailed as failure:
                raise Refused(f"The changes could not be discarded: {_last(failure)}") from None
        return saved

    async def _refs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The local ones and the remotes', but for those that only say which one is meant, like a remote's HEAD."""
        said = await self._read("for-each-ref", "--format=%(refname)%00%(symref)", HEADS, REMOTES)
        names = [name for name, _, aims_at in (line.partition("\0") for line in said.split("\n")) if not aims_at]
        remote = [name.removeprefix(REMOTES).removeprefix("origin/") for name in names if name.startswith(REMOTES)]
        return tuple(name.removeprefix(HEADS) for name in names if name.startswith(HEADS)), tuple(remote)

    async def _status(self) -> tuple[str, Standing]:
        """With the current branch."""
        said = await self._read("status", "--porcelain=v2", "--branch", "--untracked-files=all")
        current, ahead, behind, modified, untracked = "HEAD", 0, 0, 0, 0
        for line in said.split("\n"):
            if line.startswith("# branch.head ") and not line.endswith(" (detached)"):
                current = line.removeprefix("# branch.head ")
            elif line.startswith("# branch.ab "):
                ahead, behind = (abs(int(number)) for number in line.split()[2:4])
            untracked += line.startswith("?")
            modified += line.startswith(("1", "2", "u"))
        return current, Standing(ahead, behind, modified, untracked)

    async def _current(self) -> str:
        return await self._maybe("symbolic-ref", "--quiet", "--short", "HEAD") or "HEAD"

    async def _commit(self, ref: str) -> str | None:
        return await self._maybe("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    async def _maybe(self, *words: str) -> str | None:
        """None: there is no such thing."""
        try:
            return (await self._git.run(self._path, *words)).decode("utf-8", "replace").strip()
        except GitFailed:
            return None

    async def _read(self, *words: str) -> str:
        try:
            return (await self._git.run(self._path, *words)).decode("utf-8", "replace").strip()
        except GitFailed as failure:
            raise Refused(f"The repository cannot be read: {_last(failure)}") from None

    async def _expect_name(self, branch: str) -> None:
        """Raises Invalid."""
        if branch.startswith("-") or await self._maybe("check-ref-format", HEADS + branch) is None:
            raise Invalid(f"branch: {branch[:120]!r} is no name of a branch. Allowed are letters, digits and - _ . /, like feature/login.")

    async def _change(self, *words: str, setting: Setting = USUAL) -> str:
        return (await self._git.run(self._path, *words, writes=True, setting=setting)).decode("utf-8", "replace")

    async def _fetch(self, setting: Setting, where: str, *what: str) -> None:
        try:
            words = ("fetch", "--quiet", *(() if len(what) > 1 else ("--prune",)), "--no-recurse-submodules", *what)
            await self._git.run(self._path, *words, writes=True, patience=FETCHING, setting=setting)
        except GitFailed as failure:
            raise failure_of(failure.said, "the repository", where) from None


def _switch_refused(branch: str, failure: GitFailed) -> Refused:
    if "would be overwritten" in failure.said:
        files = [line.strip() for line in failure.said.splitlines() if line.startswith("\t")]
        shown = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
        return Refused(f"Local changes stand in the way of {branch}: {shown}. Commit or discard them first.")
    if any(words in failure.said for words in ELSEWHERE):
        return Refused(f"{branch} is checked out in another worktree. Work there, or take another branch.")
    return Refused(f"{branch} cannot be checked out: {_last(failure)}")


def _deletion_refused(branch: str, failure: GitFailed) -> Refused:
    if "not fully merged" in failure.said:
        return Refused(f"{branch} has commits that are merged nowhere. Merge them, or delete it with force=true: a saved ref keeps them.")
    if any(words in failure.said.lower() for words in ELSEWHERE):
        return Refused(f"{branch} is checked out in a worktree. Remove the worktree first.")
    return Refused(f"{branch} cannot be deleted: {_last(failure)}")


def _pull_refused(failure: GitFailed) -> Refused:
    if "no upstream" in failure.said.lower() or "does not point to a branch" in failure.said:
        return Refused("The current branch follows none of a remote, so there is nothing to pull.")
    if "fast-forward" in failure.said:
        return Refused("The current branch has commits of its own. Merge or rebase it by hand.")
    if "would be overwritten" in failure.said:
        return Refused("Local changes stand in the way of the pull. Commit or discard them first.")
    return Refused(f"It cannot be pulled: {_last(failure)}")


def _last(failure: GitFailed) -> str:
    lines = [line for line in failure.said.splitlines() if line.startswith(("fatal: ", "error: "))]
    return lines[-1].partition(": ")[2] if lines else "git did not say why"
