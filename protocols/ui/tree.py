"""Which file of a Next static export an address means. A folder or a page named `__placeholder__` stands for any id."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

PLACEHOLDER = "__placeholder__"
PAYLOAD = ".txt"
"""What the router fetches instead of a page."""
PIECE = "__next."
"""How the names of a page's pieces begin: they are files, never ids."""
DEEPEST = 24
"""Parts of an address."""
PLAIN_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
"""What may stand in a page's markup and script as it is. A page is not told any other id: it still reads it in its address."""


class Found(NamedTuple):
    path: Path
    fill: str | None = None
    """What `__placeholder__` in its text becomes; None: it stays."""


class Tree:
    """The files under one folder. Every method reads the file system, so none belongs on the event loop."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, address: str) -> Found | None:
        """Of an address as it is decoded: `/workspace/w1/kanban`."""
        parts = [part for part in address.split("/") if part]
        if len(parts) > DEEPEST or any(not _is_name(part) for part in parts):
            return None
        path = next(filter(self._is_ours, _candidates(self.root, parts)), None)
        return Found(path, _fill(parts, path.relative_to(self.root))) if path else None

    def page(self, name: str) -> Found | None:
        path = self.root / name
        return Found(path) if self._is_ours(path) else None

    def _is_ours(self, path: Path) -> bool:
        """A file, and no way out of the folder: a link in it may lead anywhere, as the folder may be a link to another one tomorrow."""
        try:
            return path.is_file() and path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # a name too long, a link that leads to itself
            return False


def _is_name(part: str) -> bool:
    return part not in (".", "..") and part.isprintable() and not any(sign in part for sign in "\\/:\0")


def _candidates(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """What is there under its own name first, then what stands for it."""
    match parts:
        case []:
            yield folder / "index.html"
        case [last]:
            yield from _pages(folder, last)
        case [first, *rest]:
            for name in (first, PLACEHOLDER):
                if (folder / name).is_dir():
                    yield from _candidates(folder / name, rest)


def _pages(folder: Path, last: str) -> Iterator[Path]:
    yield folder / last
    if last.startswith(PIECE):
        return
    if last.endswith(PAYLOAD):
        yield folder / f"{PLACEHOLDER}{PAYLOAD}"
        return
    for name in (last, PLACEHOLDER):
        yield folder / f"{name}.html"
        yield folder / name / "index.html"


def _fill(parts: Sequence[str], path: Path) -> str | None:
    """A workspace's pages are told its id, but for those of its sessions: they read both of their ids in the address."""
    if parts[0:1] != ["workspace"] or len(parts) < 2 or not path.parts[1].startswith(PLACEHOLDER):
        return None
    _, id_, *page = [*parts[:-1], parts[-1].removesuffix(PAYLOAD)]
    return id_ if page[0:1] != ["sessions"] and PLAIN_ID.fullmatch(id_) else None
