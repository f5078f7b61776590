"""What is changed in a working tree: each answer in as few runs of git as it can be had with."""

import asyncio
import os
import re
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from hub.domain.errors import Invalid
from hub.domain.repositories import ChangedFile, FileDiff, FileStats, FileStatus, TreeChanges, TreeStatus
from stores.git import formats
from stores.git.command import LARGEST, GitFailed
from stores.git.formats import Entry, Lines, Status
from stores.git.paths import inside
from stores.git.refusals import refusal
from stores.git.trees import GitTree

STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--ignore-submodules=dirty")
"""A submodule's own working tree is not looked at: its configuration may name programs."""
DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--find-renames", "-z", "--numstat")
NEW = (*DIFF, "--patch", "--no-index", "--", os.devnull)
MOST_COUNTED = 500
"""Untracked files whose lines are counted."""
LARGEST_COUNTED = 1_000_000
"""Bytes of an untracked file whose lines are counted."""
LARGEST_DIFF = 5_000_000
"""Bytes of a diff that are read."""
LONGEST_PATCH = 1_000_000
"""Bytes of a patch that are shown."""
USERINFO = re.compile(r"(?<=//)[^/@]*@")


class Reading(GitTree):
    """A repository's working tree, looked at."""

    async def branch(self) -> str | None:
        name = await self.run("symbolic-ref", "--quiet", "--short", "HEAD", fine=(0, 1))
        return name.decode("utf-8", "replace").strip() or None

    async def remote_url(self) -> str | None:
        url = await self.run("config", "--get", "remote.origin.url", fine=(0, 1))
        return USERINFO.sub("", url.decode("utf-8", "replace").strip()) or None

    async def changes(self) -> TreeChanges:
        output, counted = await asyncio.gather(self.run(*STATUS), self._against_head())
        status = formats.status(output)
        lines = dict(formats.numstat(iter(formats.words(counted))))
        untracked = [entry.path for entry in status.entries if entry.status == "untracked"]
        lines |= await asyncio.to_thread(_count, self.path, untracked[:MOST_COUNTED])
        return TreeChanges.trusted(
            branch=status.branch,
            status=tree_status(status),
            files=tuple(_changed(entry, lines.get(entry.path, Lines(None, None))) for entry in status.entries),
        )  # fmt: skip

    async def file_stats(self, paths: Sequence[str]) -> Sequence[FileStats]:
        checked = {path: await asyncio.to_thread(_checked, self.path, path) for path in paths}
        good = sorted({known for known in checked.values() if isinstance(known, str)})
        lines: dict[str, Lines] = {}
        if good:
            counted, others = await asyncio.gather(self._against_head(*good), self._untracked(good))
            lines = dict(formats.numstat(iter(formats.words(counted))))
            lines |= await asyncio.to_thread(_count, self.path, others)
        return [_stats(self.path, path, known, lines) for path, known in checked.items()]

    async def file_diff(self, path: str, status: FileStatus, previous_path: str | None) -> FileDiff:
        names = [await asyncio.to_thread(inside, self.path, name) for name in (path, previous_path) if name]
        if status == "untracked" and await self._untracked(names[:1]):  # what is ignored is not shown, like a file with secrets
            output = await self.run(*NEW, names[0], cut=True, largest=LARGEST_DIFF, fine=(0, 1))
        else:
            output = await self._against_head(*names, patch=True)
        lines, patch, truncated = numbered_patch(output)
        return FileDiff(
            path=path, previous_path=previous_path, status=status, patch=patch, truncated=truncated,
            additions=sum(one.additions or 0 for one in lines), deletions=sum(one.deletions or 0 for one in lines),
        )  # fmt: skip

    async def _against_head(self, *paths: str, patch: bool = False) -> bytes:
        """Without a commit there is nothing but the index to look at."""
        shape = ("--patch",) if patch else ()
        largest = LARGEST_DIFF if patch else LARGEST
        try:
            return await self.git.run(self.path, *DIFF, *shape, "HEAD", "--", *paths, cut=patch, largest=largest)
        except GitFailed as failure:
            if "HEAD" not in failure.said:
                raise refusal(failure, "compare it") from None
        return await self.run(*DIFF, *shape, "--cached", "--", *paths, cut=patch, largest=largest)

    async def _untracked(self, paths: Sequence[str]) -> list[str]:
        found = await self.run("ls-files", "-z", "--others", "--exclude-standard", "--", *paths)
        return [name for name in formats.words(found) if name]


def tree_status(status: Status) -> TreeStatus:
    untracked = sum(entry.status == "untracked" for entry in status.entries)
    return TreeStatus.trusted(
        clean=not status.entries, ahead=status.ahead, behind=status.behind, modified=len(status.entries) - untracked, untracked=untracked
    )  # fmt: skip


def numbered_patch(output: bytes) -> tuple[list[Lines], str, bool | None]:
    """Of --numstat and --patch with -z: the files' lines, the patch, and True if it was cut."""
    head, _, patch = output.partition(b"\0\0")
    lines = [one for _, one in formats.numstat(iter(formats.words(head)))]
    if len(patch) <= LONGEST_PATCH:
        return lines, patch.decode("utf-8", "replace"), None
    return lines, patch[: patch.rfind(b"\n", 0, LONGEST_PATCH) + 1].decode("utf-8", "replace"), True


def _changed(entry: Entry, lines: Lines) -> ChangedFile:
    return ChangedFile.trusted(
        path=entry.path, previous_path=entry.previous_path, status=entry.status, staged=entry.staged,
        additions=lines.additions, deletions=lines.deletions,
    )  # fmt: skip


def _checked(top: Path, path: str) -> str | Invalid:
    try:
        return inside(top, path)
    except Invalid as error:
        return error


def _stats(top: Path, path: str, known: str | Invalid, lines: dict[str, Lines]) -> FileStats:
    if isinstance(known, Invalid):
        return FileStats(path=path, additions=0, deletions=0, error=known.message)
    found = lines.get(known)
    error = None if found or os.path.lexists(top / known) else "There is no such file, and none was deleted."
    return FileStats(path=path, additions=(found and found.additions) or 0, deletions=(found and found.deletions) or 0, error=error)


def _count(top: Path, paths: Iterable[str]) -> dict[str, Lines]:
    """All lines of a new file are added."""
    counted = {}
    for path in paths:
        with suppress(OSError):
            counted[path] = _lines(top / path)
    return counted


def _lines(file: Path) -> Lines:
    """A link is a line of its own; what is no file, too long or binary has none."""
    if file.is_symlink():
        return Lines(1, 0)
    opened = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(opened, "rb") as stream:
        about = os.fstat(opened)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_COUNTED:
            return Lines(None, None)
        content = stream.read(LARGEST_COUNTED)
    if b"\0" in content[:8000]:
        return Lines(None, None)
    return Lines(content.count(b"\n") + (content[-1:] not in (b"", b"\n")), 0)
