"""The commits of a branch: read, and the branch moved."""

from contextlib import suppress
from pathlib import Path

from hub.domain.errors import Invalid, Refused
from hub.repository_changes import Commit, Moved, ResetMode
from hub.repository_remotes import Terms
from stores.git.changing import at_work, branch_of, check_branch, commit_of, known_commit, line, readable, split, turn, write
from stores.git.command import Git, GitFailed
from stores.git.paths import checked
from stores.git.refusals import refusing
from stores.git.saving import keep_commit, saved_or_refused, unnamed
from stores.git.transports import fetch
from stores.git.uncommitted import LARGEST, PLAIN

FIELDS = "%x1e%H%x1f%h%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%B%x1d"
"""Of a commit; its numbers follow. Control characters keep them apart."""


class GitHistory:
    """History."""

    def __init__(self, top: Path, git: Git) -> None:
        self._top, self._git = top, git

    async def commits(self, limit: int, since: str | None) -> list[Commit]:
        if await commit_of(self._git, self._top, "HEAD") is None:
            return []
        asked = ("log", f"--format={FIELDS}", "--numstat", f"--max-count={limit}", *((f"--since={since}",) if since else ()))
        with refusing("list the commits"):
            output = await self._git.run(self._top, *asked, *PLAIN, "HEAD", "--")
        return [_commit(one) for one in output.decode("utf-8", "replace").split("\x1e")[1:]]

    async def diff(self, sha: str, file: str | None) -> str:
        names = checked([file]) if file else []
        known = await known_commit(self._git, self._top, sha)
        asked = ("show", "--format=medium", "--diff-merges=first-parent", *PLAIN, known, "--", *names)
        with refusing("show the commit"):
            return (await self._git.run(self._top, *asked, largest=LARGEST)).decode("utf-8", "replace")

    async def pull(self, remote: str | None, branch: str | None, terms: Terms) -> Moved:
        async with turn(self._git, self._top):
            current = await self._branch()
            remote, branch = await self._source(current, remote, branch)
            await fetch(self._git, self._top, terms, remote, f"refs/heads/{branch}")
            here, there = await commit_of(self._git, self._top, "HEAD"), await known_commit(self._git, self._top, "FETCH_HEAD")
            if here is None or await self._leads(here, there):
                await write(self._git, self._top, "pull", "merge", "--quiet", "--ff-only", there)
            elif not await self._leads(there, here):
                raise Refused(
                    f"{current!r} and {branch!r} of {remote!r} have commits that the other lacks. rebase_branch with onto={there} puts "
                    "yours behind theirs."
                )
            return Moved(await known_commit(self._git, self._top, "HEAD"))

    async def rebase(self, onto: str, name: str) -> Moved:
        async with turn(self._git, self._top):
            current = await self._branch()
            before, base = await known_commit(self._git, self._top, "HEAD"), await known_commit(self._git, self._top, onto)
            try:
                await write(self._git, self._top, "rebase", "rebase", "--quiet", "--no-autostash", base)
            except BaseException:
                if conflicts := await self._given_up():
                    raise Refused(
                        f"Rebasing {current!r} onto {onto!r} conflicts in {readable(conflicts)}. It was given up, and nothing is changed."
                    ) from None
                raise
            return await self._moved(name, before)

    async def reset(self, to: str, mode: ResetMode, name: str) -> Moved:
        async with turn(self._git, self._top):
            if await at_work(self._git, self._top) == "rebase":
                raise Refused("It is in the middle of a rebase. End that first: git rebase --continue, or git rebase --abort.")
            before, target = await known_commit(self._git, self._top, "HEAD"), await known_commit(self._git, self._top, to)
            why = f"Before the reset to {to}"
            saved = await saved_or_refused(self._git, self._top, name, why) if mode == "hard" else None
            await write(self._git, self._top, "reset", "reset", "--quiet", f"--{mode}", target)
            return Moved(target, saved) if saved else await self._moved(name, before)

    async def _branch(self) -> str:
        """The one that can be moved. Raises Refused."""
        if doing := await at_work(self._git, self._top):
            raise Refused(f"It is in the middle of a {doing}. End that first: git {doing} --continue, or git {doing} --abort.")
        if current := await branch_of(self._git, self._top):
            return current
        raise Refused("It is on no branch: HEAD is detached. Switch to a branch first.")

    async def _source(self, current: str, remote: str | None, branch: str | None) -> tuple[str, str]:
        """Only from where the repository's configuration names."""
        remotes = (await line(self._git, self._top, "remote")).splitlines()
        remote = remote or await self._configured(f"branch.{current}.remote") or "origin"
        if remote not in remotes:
            raise Invalid(f"remote: the repository has none called {remote!r}. It has: {', '.join(remotes) or 'none'}.")
        upstream = (await self._configured(f"branch.{current}.merge") or "").removeprefix("refs/heads/")
        branch = branch or upstream or current
        await check_branch(self._git, self._top, branch)
        return remote, branch

    async def _configured(self, name: str) -> str | None:
        with suppress(GitFailed):
            return await line(self._git, self._top, "config", "--get", name)
        return None

    async def _leads(self, from_: str, to: str) -> bool:
        with suppress(GitFailed):
            await self._git.run(self._top, "merge-base", "--is-ancestor", from_, to)
            return True
        return False

    async def _given_up(self) -> list[str]:
        """Ends a rebase that does not go on; answers the files in conflict."""
        if await at_work(self._git, self._top) is None:
            return []
        conflicts = split(await self._git.run(self._top, "diff", "--name-only", "--diff-filter=U", "-z"))
        await write(self._git, self._top, "give up the rebase", "rebase", "--abort")
        return conflicts

    async def _moved(self, name: str, before: str) -> Moved:
        """The branch is elsewhere now: what no other one leads to is kept."""
        left = await unnamed(self._git, self._top, [before], None)
        return Moved(
            await known_commit(self._git, self._top, "HEAD"), await keep_commit(self._git, self._top, name, before) if left else None
        )


def _commit(record: str) -> Commit:
    head, _, numbers = record.partition("\x1d")
    sha, short, parents, name, email, at, message = head.split("\x1f", 6)
    counted = [row.split("\t")[:2] for row in numbers.splitlines() if "\t" in row]
    added, deleted = (sum(int(row[at_]) for row in counted if row[at_].isdigit()) for at_ in (0, 1))
    return Commit(sha, short, tuple(parents.split()), name, email, at, message.strip(), added, deleted)
