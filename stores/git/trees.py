"""A working tree and git in it."""

from pathlib import Path
from typing import Any

from stores.git.command import Git
from stores.git.refusals import refusing


class GitTree:
    """Its top folder is resolved, and its caller may use it."""

    def __init__(self, path: Path, git: Git) -> None:
        self.path, self.git = path, git

    async def run(self, *args: str, **how: Any) -> bytes:
        """As `Git.run`, with git's failures told as the hub's."""
        with refusing("look at it"):
            return await self.git.run(self.path, *args, **how)
