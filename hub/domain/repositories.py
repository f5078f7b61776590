"""What is seen of a git repository: its refs and commits, and what is changed in its working tree."""

from typing import Literal

from hub.domain.model import Instant, Value

RefKind = Literal["head", "local", "remote", "tag"]
FileStatus = Literal["modified", "added", "deleted", "renamed", "copied", "untracked", "typechange", "conflicted"]
CommitFileStatus = Literal["added", "modified", "deleted", "renamed", "copied"]


class Ref(Value):
    name: str
    remote: str | None = None
    kind: RefKind
    commit_sha: str
    """Of an annotated tag the commit that it stands on."""
    is_current: bool | None = None


class Refs(Value):
    head: Ref | None = None
    """The branch that is checked out; None while none is, or while it has no commit."""
    local: tuple[Ref, ...]
    remote: tuple[Ref, ...]
    tags: tuple[Ref, ...]


class GraphEdge(Value):
    """A line through a commit's row of the graph, from its top to its bottom."""

    from_lane: int
    to_lane: int
    is_merge: bool | None = None
    """To a parent beside the first."""


class Commit(Value):
    sha: str
    short_sha: str
    message: str
    summary: str
    author_name: str
    author_email: str
    authored_at: Instant
    """With the author's offset, as git tells it."""
    parents: tuple[str, ...]
    refs: tuple[Ref, ...]
    """Those that stand on it."""
    lane: int | None = None
    """Where it stands in the graph, from the left; None where none was made: of one commit alone, in a search, far back."""
    graph_edges: tuple[GraphEdge, ...] | None = None


class CommitPage(Value):
    commits: tuple[Commit, ...]
    total: int
    """Of a search: of what was found in the newest commits that were looked through."""
    has_more: bool
    next_skip: int | None = None
    """Where the next page begins, if there is one."""


class CommitFile(Value):
    path: str
    previous_path: str | None = None
    status: CommitFileStatus
    additions: int
    """Lines; 0 of a binary file."""
    deletions: int


class CommitDetail(Value):
    commit: Commit
    files: tuple[CommitFile, ...]
    """Against the first parent."""
    patch: str | None = None
    truncated: bool | None = None
    """The patch is longer than what is shown."""


class CommitChange(Value):
    """A commit with the lines that it adds and takes away."""

    sha: str
    short_sha: str
    summary: str
    author_name: str
    authored_at: Instant
    additions: int
    deletions: int


class CommitDiff(CommitChange):
    patch: str
    truncated: bool | None = None
    """The patch is longer than what is shown; the numbers are of all of it."""


class TreeStatus(Value):
    clean: bool
    ahead: int
    """Commits that the branch's upstream lacks; 0 without one."""
    behind: int
    modified: int
    """Files that git knows, staged or not."""
    untracked: int


class ChangedFile(Value):
    """Against the last commit, whether it is staged or not."""

    path: str
    previous_path: str | None = None
    status: FileStatus
    additions: int | None = None
    """Lines; None of a binary file, or where nobody counted."""
    deletions: int | None = None
    staged: bool | None = None
    """All of it is in the index, or none; None: a part."""


class TreeChanges(Value):
    branch: str
    """HEAD while no branch is checked out, as in a rebase."""
    status: TreeStatus
    files: tuple[ChangedFile, ...]


class FileDiff(Value):
    path: str
    previous_path: str | None = None
    status: FileStatus
    patch: str
    additions: int
    deletions: int
    truncated: bool | None = None
    """The patch is longer than what is shown; the numbers are of all of it."""


class FileStats(Value):
    path: str
    additions: int
    deletions: int
    error: str | None = None


class Base(Value):
    """What a branch began from, as far as it can be told."""

    ref: str
    """Like `origin/main`."""
    commits: tuple[CommitChange, ...]
    """Those beyond it, the newest first."""
