"""Worktrees of codebases, and what is done with git in a codebase. The git panel asks its user itself before it destroys something."""

from protocols.rest.route import ALL, Route

WORKTREE = {"id": "worktreeId"}
CONFIRMED = frozenset({"confirm"})
CODEBASE = "/workspaces/{workspaceId}/codebases/{codebaseId}"

ROUTES: tuple[Route, ...] = (
    Route("GET", f"{CODEBASE}/worktrees", "list_worktrees", fixed=ALL),
    Route("POST", f"{CODEBASE}/worktrees", "create_worktree", "worktree", 201),
    Route("GET", "/worktrees/{id}", "get_worktree", "worktree", names=WORKTREE),
    Route("DELETE", "/worktrees/{id}", "delete_worktree", names=WORKTREE),
    Route("POST", "/worktrees/{id}/validate", "validate_worktree", names=WORKTREE),
    Route("POST", f"{CODEBASE}/git/stage", "stage_files"),
    Route("POST", f"{CODEBASE}/git/unstage", "unstage_files"),
    Route("POST", f"{CODEBASE}/git/commit", "commit_changes"),
    Route("POST", f"{CODEBASE}/git/discard", "discard_changes", ignored=CONFIRMED),
    Route("POST", f"{CODEBASE}/git/export", "export_changes"),
    Route("GET", f"{CODEBASE}/git/diff", "get_file_diff"),
    Route("GET", f"{CODEBASE}/git/commits", "list_commits"),
    Route("GET", f"{CODEBASE}/git/commits/{{sha}}/diff", "get_commit_diff"),
    Route("POST", f"{CODEBASE}/git/pull", "pull_changes"),
    Route("POST", f"{CODEBASE}/git/rebase", "rebase_branch"),
    Route("POST", f"{CODEBASE}/git/reset", "reset_branch", ignored=CONFIRMED),
)
