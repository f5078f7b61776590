"""What stands in a working tree beyond its last commit: staged, committed, discarded, shown."""

from collections.abc import Sequence
from pathlib import Path

from hub.domain.errors import Invalid, Refused
from hub.repository_changes import Part
from stores.git.changing import at_work, joined, known_commit, readable, split, turn, write
from stores.git.command import Git
from stores.git.paths import checked
from stores.git.refusals import refusing
from stores.git.saving import index_copy, saved_or_refused

NAMED = ("--pathspec-from-file=-", "--pathspec-file-nul")
PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")
AT_ONCE = 200
"""Names that a command is given as its arguments."""
LARGEST = 5_000_000
"""Bytes of a diff."""


class GitUncommitted:
    """Uncommitted."""

    def __init__(self, top: Path, git: Git) -> None:
        self._top, self._git = top, git

    async def stage(self, files: Sequence[str]) -> None:
        names = checked(files)
        async with turn(self._git, self._top):
            await write(self._git, self._top, "stage it", "add", *NAMED, given=joined(names))

    async def unstage(self, files: Sequence[str]) -> None:
        names = checked(files)
        async with turn(self._git, self._top):
            if not await self._git.run(self._top, "diff", "--cached", "--name-only", "-z", "--", *names):
                raise Invalid("files: nothing of these is staged.")
            await write(self._git, self._top, "unstage it", "reset", "--quiet", *NAMED, given=joined(names))

    async def commit(self, message: str, files: Sequence[str]) -> str:
        names = checked(files)
        async with turn(self._git, self._top):
            doing = await at_work(self._git, self._top)
            if doing == "rebase":
                raise Refused("It is in the middle of a rebase. End that first: git rebase --continue, or git rebase --abort.")
            if names:
                await write(self._git, self._top, "stage it", "add", *NAMED, given=joined(names))
            if doing is None and not await self._git.run(self._top, "diff", "--cached", "--name-only", "-z"):
                raise Refused("Nothing is staged. Stage files first, or name them with the commit.")
            await write(self._git, self._top, "commit", "commit", "--quiet", "--file=-", given=message.encode())
            return await known_commit(self._git, self._top, "HEAD")

    async def discard(self, files: Sequence[str], name: str) -> str:
        names = checked(files)
        async with turn(self._git, self._top):
            changed = split(await self._git.run(self._top, "diff", "--name-only", "-z", "--", *names))
            new = await self._new(names)
            if nested := [one for one in new if one.endswith("/")]:
                raise Refused(f"These are repositories of their own, which are not discarded: {readable(nested)}.")
            if not changed and not new:
                raise Invalid("files: there is nothing to discard in these.")
            saved = await saved_or_refused(self._git, self._top, name, "What was discarded", [*changed, *new])
            assert saved
            if changed:
                await write(self._git, self._top, "restore it", "restore", "--worktree", *NAMED, given=joined(changed))
            for part in range(0, len(new), AT_ONCE):
                await write(self._git, self._top, "delete it", "clean", "--force", "--quiet", "--", *new[part : part + AT_ONCE])
            return saved

    async def diff(self, part: Part, files: Sequence[str]) -> str:
        with refusing("show the changes"):
            return (await self._diff(part, files)).decode("utf-8", "replace")

    async def patch(self, part: Part, files: Sequence[str]) -> str:
        try:
            with refusing("show the changes"):
                return (await self._diff(part, files, "--binary")).decode()
        except UnicodeDecodeError:
            raise Refused("The changes hold text that is not UTF-8, which no JSON can. Name other files, or use git diff there.") from None

    async def _diff(self, part: Part, files: Sequence[str], *more: str) -> bytes:
        names = checked(files)
        arguments = ("diff", *PLAIN, *more, *(("--cached",) if part == "staged" else ()), "--", *names)
        new = [] if part == "staged" else [one for one in await self._new(names) if not one.endswith("/")]
        if not new:
            return await self._git.run(self._top, *arguments, largest=LARGEST)
        async with index_copy(self._git, self._top) as index:
            await self._git.run(self._top, "add", "--intent-to-add", *NAMED, given=joined(new), writes=True, setting=index)
            return await self._git.run(self._top, *arguments, largest=LARGEST, setting=index)

    async def _new(self, names: Sequence[str]) -> list[str]:
        """Files that git does not know yet. A name that ends with a slash is another repository's."""
        return split(await self._git.run(self._top, "ls-files", "--others", "--exclude-standard", "-z", "--", *names))
