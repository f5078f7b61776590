"""What every change of a repository needs: its turn, and the answers of small questions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.domain.errors import Busy, Invalid
from stores.git.command import Git, GitFailed
from stores.git.refusals import refusing

WAIT = 30.0
"""Seconds for one's turn."""
LONG = 300.0
"""Seconds for what may have a large repository to write, or a hook to wait for."""
AT_WORK = {
    "rebase-merge": "rebase", "rebase-apply": "rebase", "MERGE_HEAD": "merge", "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert",
}  # fmt: skip
"""What lies in the folder of git's own while it is in the middle of something."""


@asynccontextmanager
async def turn(git: Git, folder: Path) -> AsyncIterator[None]:
    """One changes a repository at a time, in this process; another's git is told of by its lock. Raises Busy."""
    with refusing("find the repository"):
        common = await line(git, folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
    lock = git.locks.setdefault(common, asyncio.Lock())
    try:
        async with asyncio.timeout(WAIT):
            await lock.acquire()
    except TimeoutError:
        raise Busy("Other changes of this repository are under way. Try again.") from None
    try:
        with refusing("do this"):
            yield
    finally:
        lock.release()


async def line(git: Git, folder: Path, *args: str) -> str:
    return (await git.run(folder, *args)).decode("utf-8", "surrogateescape").removesuffix("\n")


async def write(git: Git, folder: Path, what: str, *args: str, given: bytes | None = None, patience: float = LONG) -> bytes:
    """`what` it does, for the text of a refusal."""
    with refusing(what):
        return await git.run(folder, *args, given=given, writes=True, patience=patience)


async def commit_of(git: Git, folder: Path, name: str) -> str | None:
    """None: there is no such commit."""
    try:
        return await line(git, folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitFailed:
        return None


async def known_commit(git: Git, folder: Path, name: str) -> str:
    if found := await commit_of(git, folder, name):
        return found
    raise Invalid(f"There is no commit {name[:120]!r} in this repository. Name a branch, a tag or a commit's sha.")


async def check_branch(git: Git, folder: Path, name: str) -> None:
    """Raises Invalid for what can be no branch's name."""
    try:
        await git.run(folder, "check-ref-format", f"refs/heads/{name}")
    except GitFailed:
        raise Invalid(f"branch: {name[:120]!r} cannot be one. No spaces, no .. ~ ^ : ? * [ \\, no / at an end, no .lock.") from None
    if name.startswith("-") or name == "HEAD":
        raise Invalid(f"branch: {name[:120]!r} cannot be one. Begin with a letter or a digit.")


async def branch_of(git: Git, folder: Path) -> str | None:
    """None: HEAD is detached."""
    try:
        return await line(git, folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    except GitFailed:
        return None


async def at_work(git: Git, folder: Path) -> str | None:
    """What git is in the middle of there."""
    own = Path(await line(git, folder, "rev-parse", "--absolute-git-dir"))
    return await asyncio.to_thread(lambda: next((what for name, what in AT_WORK.items() if (own / name).exists()), None))


def split(output: bytes) -> list[str]:
    """Names that git wrote with -z."""
    return [one.decode("utf-8", "surrogateescape") for one in output.split(b"\0") if one]


def joined(names: list[str]) -> bytes:
    return b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in names)


def readable(names: list[str]) -> str:
    """For a caller, who reads Unicode."""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in names[:20]) + more
