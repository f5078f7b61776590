"""Git repositories of this machine, as far as operations need them.

Every method raises Invalid for what cannot be (no repository, an unknown ref), Conflict's kin Refused for what the repository's state does
not allow (locked, in the middle of a rebase, local changes in the way), and Busy when git does not answer in time.
"""

from pathlib import Path
from typing import Protocol

from hub.repository_changes import History, Uncommitted, WorkingTrees


class Repository(Protocol):
    """A working tree, checked: it is there, it is one, and its caller may use it."""

    @property
    def path(self) -> Path:
        """Its top folder, resolved."""

    @property
    def working_trees(self) -> WorkingTrees: ...

    @property
    def uncommitted(self) -> Uncommitted: ...

    @property
    def history(self) -> History: ...


class Repositories(Protocol):
    """Where they may lie is the operator's to say; those of another tenant than the hub's own lie in that tenant's folder."""

    async def open(self, path: str, tenant: str) -> Repository:
        """`path` is absolute, or begins with `~/`, and lies at the top of a working tree or below. Raises Invalid, Refused."""

    async def worktree_folder(self, root: str | None, tenant: str) -> Path:
        """In which new working trees go: `root`, if one is named, or a folder that the hub keeps for the tenant."""
