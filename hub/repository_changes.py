"""What may be changed in a git repository, and the working trees beside it. See `hub.repositories` for what is raised.

Nothing is lost: before work is taken away it is kept under a ref `refs/trivium/saved/…` of the repository. Files that git ignores are
no work, and are not kept.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from hub.domain.repositories import TreeStatus
from hub.repository_remotes import Terms

ResetMode = Literal["soft", "mixed", "hard"]
Part = Literal["staged", "unstaged"]


class Moved(NamedTuple):
    """A branch that was moved."""

    sha: str
    """Where it is now."""
    saved: str | None = None
    """The ref that keeps what was left behind; None: nothing was."""


class BranchNames(NamedTuple):
    current: str
    """HEAD: none is checked out."""
    local: tuple[str, ...]
    remote: tuple[str, ...]
    """Those of `origin` by their own names, those of other remotes behind the remote's."""


class Commit(NamedTuple):
    sha: str
    short_sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: str
    message: str
    additions: int
    deletions: int


class WorkingTrees(Protocol):
    """Those beside the repository's first one. Adding and removing may be done again after a crash: they finish what was begun."""

    async def plan(self, path: Path, branch: str, base: str | None) -> str:
        """Look whether `add` can do it; answers the base, by default the branch that the repository is on."""

    async def add(self, path: Path, branch: str, base: str) -> None:
        """With the branch, which is made at the base unless it is there. What fails half-way is cleaned away."""

    async def problem(self, path: Path) -> str | None:
        """What is wrong with the one that should be there; None: it is sound."""

    async def remove(self, path: Path, branch: str, name: str, *, delete_branch: bool) -> str | None:
        """Answers the newest ref under `refs/trivium/saved/<name>/`: of what would be lost. None: there was nothing."""


class Uncommitted(Protocol):
    """What stands in the working tree beyond the last commit.

    Files are named from the repository's top, with `/`. A folder stands for what is in it.
    """

    async def stage(self, files: Sequence[str]) -> None: ...

    async def unstage(self, files: Sequence[str]) -> None: ...

    async def commit(self, message: str, files: Sequence[str]) -> str:
        """What is staged, with these files; answers the commit. The repository's hooks run."""

    async def discard(self, files: Sequence[str], name: str) -> str:
        """Back to what is staged; what git does not know is deleted. Answers the ref under `name` that keeps all of it."""

    async def diff(self, part: Part, files: Sequence[str]) -> str:
        """To be read; no files: of all. What git does not know yet is new in it."""

    async def patch(self, part: Part, files: Sequence[str]) -> str:
        """As `git apply` takes it."""


class Branches(Protocol):
    """Of a repository, and the working tree that one of them is checked out in."""

    async def names(self) -> BranchNames: ...

    async def look(self) -> tuple[BranchNames, TreeStatus]: ...

    async def fetch(self, terms: Terms) -> None:
        """Learn what the remotes have. Raises Forbidden."""

    async def check_out(self, branch: str, create: bool) -> None:
        """Local changes go along or are in the way: then it raises Refused. Raises NotFound, unless it is to be made."""

    async def delete(self, branch: str, force: bool) -> str:
        """Answers the ref that keeps its commits. Raises NotFound; Refused, for one that is checked out or, without `force`, not merged."""

    async def discard_changes(self) -> str | None:
        """All of them. Answers the ref that keeps them; None: there are none."""


class History(Protocol):
    """Of the branch that the working tree is on."""

    async def commits(self, limit: int, since: str | None) -> Sequence[Commit]:
        """The newest."""

    async def diff(self, sha: str, file: str | None) -> str:
        """What a commit did, below what it says of itself."""

    async def pull(self, remote: str | None, branch: str | None, terms: Terms) -> Moved:
        """Fast-forward only. By default from where the branch follows one, or from the one of its name at `origin`. Raises Forbidden."""

    async def rebase(self, onto: str, name: str) -> Moved:
        """All or nothing: a conflict ends it, and the branch stays where it was."""

    async def reset(self, to: str, mode: ResetMode, name: str) -> Moved: ...
