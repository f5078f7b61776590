"""A codebase is a git repository that a workspace works on; a worktree is a second working tree of it, with a branch of its own."""

from typing import ClassVar, Literal

from hub.domain.model import Record

SourceType = Literal["local", "github"]
WorktreeStatus = Literal["creating", "active", "error", "removing"]


class Codebase(Record):
    kind: ClassVar[str] = "codebase"
    plural: ClassVar[str] = "codebases"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "repo_path")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)
    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id", "repo_path"),)

    workspace_id: str
    repo_path: str
    """The top folder of a working tree on the hub's machine, resolved."""
    branch: str | None = None
    label: str | None = None
    is_default: bool = False
    """One of a workspace is, while it has any."""
    source_type: SourceType | None = None
    source_url: str | None = None


class Worktree(Record):
    kind: ClassVar[str] = "worktree"
    plural: ClassVar[str] = "worktrees"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "codebase_id", "branch", "worktree_path")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("codebase_id",))
    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("codebase_id", "branch"), ("worktree_path",))

    workspace_id: str
    codebase_id: str
    worktree_path: str
    branch: str
    base_branch: str
    status: WorktreeStatus = "creating"
    """It is there from `active` on. In `creating` and `removing` the hub is at work on it, or was when it ended."""
    session_id: str | None = None
    label: str | None = None
    error_message: str | None = None
