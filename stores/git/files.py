"""The files of a folder that somebody may look for."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import monotonic

from hub.repositories import Files
from stores.git import formats
from stores.git.command import Git, GitFailed
from stores.git.refusals import refusal

FRESH = 5.0
"""Seconds for which a look at a folder holds: whoever types asks again with every letter."""
KEPT = 16
"""Folders of which the files are kept."""
MOST = 100_000
MOST_WALKED = 10_000
"""Files of a folder that is no repository."""
SKIPPED = frozenset({"node_modules", "__pycache__", "target", "dist", "build", "venv"})
"""Folders that hold what tools made; also those that begin with a dot."""


class FolderFiles:
    """Remembers for a moment what it saw."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._seen: dict[tuple[Path, str], tuple[float, asyncio.Task[Files]]] = {}

    async def of(self, folder: Path, tenant: str, top: Callable[[Path, str], Awaitable[Path]]) -> Files:
        """`top` tells whether git may be asked there: it raises GitFailed where there is no repository, and a HubError."""
        key = folder, tenant
        until, looking = self._seen.get(key, (0.0, None))
        if looking is None or until < monotonic() or (looking.done() and (looking.cancelled() or looking.exception())):
            looking = asyncio.ensure_future(self._look(folder, top(folder, tenant)))
            self._seen.pop(key, None)
            self._seen[key] = (monotonic() + FRESH, looking)
            while len(self._seen) > KEPT:
                self._seen.pop(next(iter(self._seen)))
        return await asyncio.shield(looking)

    async def _look(self, folder: Path, top: Awaitable[Path]) -> Files:
        try:
            await top
            output = await self._git.run(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
        except GitFailed as failure:
            if "not a git repository" in failure.said:
                return await asyncio.to_thread(_walked, folder)
            raise refusal(failure, "list the files") from None
        paths = formats.words(output)[:-1]
        return Files(folder, paths[:MOST], len(paths) <= MOST)


def _walked(folder: Path) -> Files:
    paths: list[str] = []
    for path in _walk(folder):
        if len(paths) == MOST_WALKED:
            return Files(folder, sorted(paths), False)
        paths.append(path)
    return Files(folder, sorted(paths), True)


def _walk(folder: Path) -> Iterator[str]:
    """No link is followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        for name in files:
            path = Path(place, name)
            if not path.is_symlink():
                yield path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
