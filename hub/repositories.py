"""Git repositories of this machine, as far as operations need them.

Every method raises Invalid for what cannot be (no repository, an unknown ref), Conflict's kin Refused for what the repository's state does
not allow (locked, in the middle of a rebase, local changes in the way), and Busy when git does not answer in time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from hub.addresses import Reach
from hub.domain.clones import Source
from hub.domain.repositories import Base, CommitDetail, CommitDiff, CommitPage, FileDiff, FileStats, FileStatus, Refs, TreeChanges
from hub.repository_changes import Branches, History, Uncommitted, WorkingTrees
from hub.repository_remotes import Heard


class Repository(Protocol):
    """A working tree, checked: it is there, it is one, and its caller may use it. Paths of files are relative to its top folder."""

    @property
    def path(self) -> Path:
        """Its top folder, resolved."""

    @property
    def branches(self) -> Branches: ...

    @property
    def working_trees(self) -> WorkingTrees: ...

    @property
    def uncommitted(self) -> Uncommitted: ...

    @property
    def history(self) -> History: ...
    async def branch(self) -> str | None:
        """The one that is checked out, if one is."""

    async def remote_url(self) -> str | None:
        """Of `origin`, without a name and a password that may stand in it."""

    async def changes(self) -> TreeChanges:
        """Of the working tree against its last commit, with the lines of each file."""

    async def file_diff(self, path: str, status: FileStatus, previous_path: str | None) -> FileDiff: ...

    async def file_stats(self, paths: Sequence[str]) -> Sequence[FileStats]:
        """In the order of the paths. What is wrong with one is told in its place."""

    async def refs(self) -> Refs: ...

    async def commits(self, refs: Sequence[str], search: str, skip: int, limit: int) -> CommitPage:
        """Of these refs, or of all; the newest first. A search looks for a text in name, summary and author."""

    async def commit(self, sha: str) -> CommitDetail: ...

    async def commit_diff(self, sha: str, context: int) -> CommitDiff:
        """Against the first parent, with so many lines around each change."""

    async def beyond(self, branches: Sequence[str]) -> Base | None:
        """The commits beyond the first of these branches that is there, on `origin` or here."""


class Files(NamedTuple):
    folder: Path
    paths: Sequence[str]
    """Relative to the folder, in order."""
    whole: bool
    """There are no others."""


class Repositories(Protocol):
    """Where they may lie is the operator's to say; those of another tenant than the hub's own lie in that tenant's folder."""

    async def open(self, path: str, tenant: str) -> Repository:
        """`path` is absolute, or begins with `~/`, and lies at the top of a working tree or below. Raises Invalid, Refused."""

    async def worktree_folder(self, root: str | None, tenant: str) -> Path:
        """In which new working trees go: `root`, if one is named, or a folder that the hub keeps for the tenant."""

    async def files(self, path: str, tenant: str) -> Files:
        """Those in a folder that git does not ignore, as they were a moment ago. The folder need not be a repository's."""

    def clone_path(self, clone_id: str, tenant: str) -> Path:
        """Where a clone lies once it is whole."""

    async def clone(self, source: Source, attempt: int, tenant: str, reach: Reach, heard: Heard) -> bool:
        """Bring it to its place; True: it was there, and is fetched. Of two attempts at one the higher number removes what the lower one
        left. Raises Refused, Forbidden, Invalid, Busy."""
