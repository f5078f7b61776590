"""Keeping work that is about to be taken away: as a commit under a ref of its own, made beside the user's index and branches."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hub.domain.errors import Refused
from stores.git.changing import LONG, commit_of, joined, line, split
from stores.git.command import Git, GitFailed, Setting
from stores.git.refusals import refusing

SAVED = "refs/trivium/saved"
"""`git log --all` shows what lies there, `git branch NAME REF` brings it back."""
HUB = ("-c", "user.name=Trivium", "-c", "user.email=trivium@localhost")
"""Whose commits these are: they need nobody's configuration."""


class Picture(NamedTuple):
    """Trees of a moment."""

    staged: str | None
    """None: the index holds conflicts, and cannot be written."""
    whole: str
    """With what is not staged, and what git does not know yet."""
    repositories: tuple[str, ...]
    """Folders that are repositories themselves: of these no content is in it."""


@asynccontextmanager
async def index_copy(git: Git, folder: Path) -> AsyncIterator[Setting]:
    """To work on without locking or changing the real one."""
    real = Path(await line(git, folder, "rev-parse", "--path-format=absolute", "--git-path", "index"))
    with TemporaryDirectory(prefix="trivium-") as place:
        index = Path(place) / "index"
        with suppress(FileNotFoundError):  # there is none before something is staged
            await asyncio.to_thread(shutil.copyfile, real, index)
        yield Setting(env={"GIT_INDEX_FILE": str(index)})


async def picture(git: Git, folder: Path, files: Sequence[str] = ()) -> Picture:
    """Of the working tree, or of these files in it."""
    async with index_copy(git, folder) as index:
        try:
            staged = await _tree(git, folder, index)
        except GitFailed:
            staged = None
        with suppress(GitFailed):  # that a file was changed, also one that git was told to take for unchanged
            await git.run(folder, "update-index", "-q", "--really-refresh", writes=True, setting=index)
        named = ("--pathspec-from-file=-", "--pathspec-file-nul") if files else ()
        given = joined([*files]) if files else None
        await git.run(folder, "add", "--all", *named, given=given, writes=True, patience=LONG, setting=index)
        entries = split(await git.run(folder, "ls-files", "--stage", "-z", setting=index))
        links = [entry.partition("\t")[2] for entry in entries if entry.startswith("160000 ")]
        filled = await asyncio.to_thread(lambda: tuple(name for name in links if _filled(folder / name)))
        return Picture(staged, await _tree(git, folder, index), filled)


async def keep(git: Git, folder: Path, name: str, why: str, shown: Picture, commits: Sequence[str] = ()) -> str | None:
    """Under a new ref of this name what the picture has beyond HEAD, and commits. None: that is nothing.

    The ref's commit has the working tree as it was; its parents are HEAD, what was staged, and the commits.
    """
    head = await commit_of(git, folder, "HEAD")
    below = await line(git, folder, "rev-parse", f"{head}^{{tree}}" if head else await _nothing(git, folder))
    if shown.whole == below and shown.staged in (None, below) and not commits:
        return None
    parents = [head] if head else []
    if shown.staged not in (None, below, shown.whole):
        parents.append(await _commit(git, folder, shown.staged or below, parents, "What was staged"))
    return await keep_commit(git, folder, name, await _commit(git, folder, shown.whole, [*dict.fromkeys([*parents, *commits])], why))


async def keep_commit(git: Git, folder: Path, name: str, commit: str) -> str:
    """Under a ref that is new."""
    ref = f"{SAVED}/{name}/{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    await git.run(folder, "update-ref", ref, commit, "", writes=True)
    return ref


async def unnamed(git: Git, folder: Path, commits: Sequence[str | None], without: str | None) -> list[str]:
    """Those of the commits that no branch or tag leads to, beside the branch `without`."""
    beside = (f"--exclude={without}",) if without else ()
    others = ("--not", *beside, "--branches", "--tags", "--remotes")
    return [one for one in commits if one and await git.run(folder, "rev-list", "--max-count=1", one, *others)]


async def newest(git: Git, folder: Path, name: str) -> str | None:
    refs = await line(git, folder, "for-each-ref", "--sort=-refname", "--count=1", "--format=%(refname)", f"{SAVED}/{name}/")
    return refs or None


async def saved_or_refused(git: Git, folder: Path, name: str, why: str, files: Sequence[str] = ()) -> str | None:
    """A picture, kept. Nothing may be taken away when this raises."""
    with refusing("keep what is there, so nothing was changed"):
        return await keep(git, folder, name, why, await picture(git, folder, files))


def without_repositories(shown: Picture) -> None:
    if shown.repositories:
        raise Refused(
            f"It holds repositories of their own, which would be lost: {', '.join(shown.repositories[:10])}. Move them away, or end "
            "submodules with git submodule deinit, and repeat this."
        )


async def _commit(git: Git, folder: Path, tree: str, parents: Sequence[str], why: str) -> str:
    of = [part for parent in parents for part in ("-p", parent)]
    return (await git.run(folder, *HUB, "commit-tree", tree, *of, given=why.encode(), writes=True)).decode().strip()


async def _tree(git: Git, folder: Path, index: Setting) -> str:
    return (await git.run(folder, "write-tree", writes=True, setting=index)).decode().strip()


async def _nothing(git: Git, folder: Path) -> str:
    """The empty tree."""
    return (await git.run(folder, "mktree", given=b"", writes=True)).decode().strip()


def _filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False
