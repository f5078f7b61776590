"""Worktrees, and what is done with git in a codebase. They leave the repository as they found it, for the next door."""

from pathlib import Path

from hub.ports import Json
from tests.protocols.steps.base import Step, no, ok
from tests.repositories import Tree, repository_of

YARD = Tree(Path(repository_of("steps of worktrees")))
if not YARD.git("remote"):
    YARD.git("remote", "add", "origin", str(YARD.path))

HERE: Json = {"workspaceId": "yard", "codebaseId": "$yard.id"}
NOWHERE: Json = {"workspaceId": "yard", "codebaseId": "nothing"}
WALLS: Json = {"files": ["src/walls.py"]}


def both(operation: str, **arguments: object) -> tuple[Step, Step]:
    """In the codebase, and in one that is not there."""
    return ok(operation, {**HERE, **arguments}), no("not_found", operation, {**NOWHERE, **arguments})


WORKTREES = (
    ok("create_workspace", {"title": "Yard", "id": "yard", "metadata": {"worktreeRoot": f"{YARD.path} and beside it"}}),
    ok("create_codebase", {"workspaceId": "yard", "repoPath": str(YARD.path)}, "yard"),
    ok("create_worktree", {**HERE, "branch": "side/roof", "baseBranch": "main", "label": "Roof"}, "side"),
    no("conflict", "create_worktree", {**HERE, "branch": "side/roof"}),
    no("conflict", "create_worktree", {**HERE, "branch": "main"}),
    no("invalid", "create_worktree", {**HERE, "branch": "a..b"}),
    no("invalid", "create_worktree", {**HERE, "branch": "other", "baseBranch": "nothing"}),
    no("not_found", "create_worktree", NOWHERE),
    ok("list_worktrees", HERE),
    ok("list_worktrees", {"workspaceId": "yard", "limit": 1}),
    no("not_found", "list_worktrees", NOWHERE),
    ok("get_worktree", {"worktreeId": "$side.id"}),
    no("not_found", "get_worktree", {"worktreeId": "nothing"}),
    ok("validate_worktree", {"worktreeId": "$side.id"}),
    no("not_found", "validate_worktree", {"worktreeId": "nothing"}),
    ok("list_commits", {**HERE, "limit": 5}, "log"),
    no("not_found", "list_commits", NOWHERE),
    no("invalid", "list_commits", {**HERE, "limit": 501}),
    *both("get_commit_diff", sha="main", path="src/walls.py"),
    no("invalid", "get_commit_diff", {**HERE, "sha": "nothing"}),
    *both("reset_branch", to="v1"),
    no("invalid", "reset_branch", {**HERE, "to": "nothing"}),
    no("invalid", "reset_branch", {**HERE, "to": "v1", "mode": "keep"}),
    *both("export_changes"),
    *both("get_file_diff", path="src/walls.py", staged=True),
    no("invalid", "get_file_diff", {**HERE, "path": "../walls.py"}),
    *both("unstage_files", **WALLS),
    no("invalid", "unstage_files", {**HERE, **WALLS}),
    ok("export_changes", {**HERE, **WALLS, "format": "diff"}),
    no("conflict", "export_changes", HERE),
    no("conflict", "rebase_branch", {**HERE, "onto": "feature"}),
    *both("stage_files", **WALLS),
    no("invalid", "stage_files", {**HERE, "files": ["nothing"]}),
    *both("commit_changes", message="Higher again"),
    no("conflict", "commit_changes", {**HERE, "message": "Nothing"}),
    no("invalid", "commit_changes", {**HERE, "message": " "}),
    ok("reset_branch", {**HERE, "to": "HEAD~1", "mode": "mixed"}),
    *both("discard_changes", **WALLS),
    no("invalid", "discard_changes", {**HERE, **WALLS}),
    ok("reset_branch", {**HERE, "to": "$log.commits.0.sha", "mode": "hard"}),
    *both("pull_changes"),
    no("invalid", "pull_changes", {**HERE, "remote": "elsewhere"}),
    *both("rebase_branch", onto="main"),
    no("invalid", "rebase_branch", {**HERE, "onto": "nothing"}),
    ok("rebase_branch", {**HERE, "worktreeId": "$side.id", "onto": "feature"}),
    ok("delete_worktree", {"worktreeId": "$side.id", "deleteBranch": True}),
    no("not_found", "delete_worktree", {"worktreeId": "$side.id"}),
    ok("delete_codebase", {"codebaseId": "$yard.id"}),
    ok("delete_workspace", {"workspaceId": "yard"}),
)
