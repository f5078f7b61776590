"""The folders of a session: the ones that its agent may be shown files of (ACP v1 §file-system, session root scope)."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from protocols.jsonrpc.peer import INVALID_PARAMS, RpcError


class Place(NamedTuple):
    """Below a root, as it was resolved: none of the names is a link, unless it has become one since."""

    root: Path
    folders: tuple[str, ...]
    name: str

    @property
    def path(self) -> Path:
        return self.root.joinpath(*self.folders, self.name)


class Roots:
    def __init__(self, folders: Sequence[Path]) -> None:
        """The first one is the session's working directory."""
        self.folders = tuple(Path(os.path.realpath(folder)) for folder in folders)
        self.cwd = self.folders[0]

    def locate(self, path: str) -> Place:
        """Raises RpcError, whose text is the same whether there is something outside or not."""
        if not os.path.isabs(path):
            raise RpcError(INVALID_PARAMS, f"The path {path!r} is relative. Give it in full: {str(self.cwd / path)!r}")
        try:
            resolved = Path(os.path.realpath(path))
        except ValueError:
            raise RpcError(INVALID_PARAMS, f"{path!r} is no path: it holds characters that no path may") from None
        for root in self.folders:
            if resolved.is_relative_to(root):
                *folders, name = resolved.relative_to(root).parts or (".",)
                return Place(root, tuple(folders), name)
        allowed = ", ".join(map(str, self.folders))
        raise RpcError(INVALID_PARAMS, f"{path!r} is outside of the session's folders. Allowed is what lies in: {allowed}")

    def relative(self, path: str) -> str:
        """As permissions and reservations name it: from the working directory, with `/`, where it lies in there; else in full."""
        try:
            return self.named(Path(os.path.realpath(self.cwd / path)))
        except ValueError:
            return path

    def named(self, resolved: Path) -> str:
        return (resolved.relative_to(self.cwd) if resolved.is_relative_to(self.cwd) else resolved).as_posix()
