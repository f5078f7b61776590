"""Git repositories of this machine, as far as operations need them.

Every method raises Invalid for what cannot be (no repository, an unknown ref), Conflict's kin Refused for what the repository's state does
not allow (locked, in the middle of a rebase, local changes in the way), and Busy when git does not answer in time.
"""

from pathlib import Path
from typing import Protocol


class Repository(Protocol):
    """A working tree, checked: it is there, it is one, and its caller may use it."""

    @property
    def path(self) -> Path:
        """Its top folder, resolved."""


class Repositories(Protocol):
    """Where they may lie is the operator's to say; those of another tenant than the hub's own lie in that tenant's folder."""

    async def open(self, path: str, tenant: str) -> Repository:
        """`path` is absolute, or begins with `~/`, and lies at the top of a working tree or below. Raises Invalid, Refused."""
