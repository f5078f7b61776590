"""Codebases and what is in them: changes, history, files."""

from protocols.rest.route import ALL, CODEBASE, TASK, WORKSPACE, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/workspaces/{id}/codebases", "list_codebases", names=WORKSPACE, fixed=ALL),
    Route("POST", "/workspaces/{id}/codebases", "create_codebase", "codebase", 201, names=WORKSPACE),
    Route("GET", "/workspaces/{id}/codebases/changes", "list_codebase_changes", names=WORKSPACE),
    Route("DELETE", "/workspaces/{workspaceId}/codebases/{codebaseId}", "delete_codebase"),
    Route("PATCH", "/codebases/{id}", "update_codebase", "codebase", names=CODEBASE),
    Route("DELETE", "/codebases/{id}", "delete_codebase", names=CODEBASE),
    Route("POST", "/codebases/{id}/default", "set_default_codebase", "codebase", names=CODEBASE),
    Route("GET", "/tasks/{id}/changes", "get_task_changes", "changes", names=TASK),
    Route("GET", "/tasks/{id}/changes/file", "get_task_file_diff", "diff", names=TASK),
    Route("GET", "/tasks/{id}/changes/commit", "get_task_commit_diff", "diff", names=TASK),
    Route("GET", "/tasks/{id}/changes/stats", "get_task_change_stats", names=TASK, ignored=frozenset({"statuses"})),
    Route("GET", "/git/refs", "list_git_refs"),
    Route("GET", "/git/log", "list_git_commits"),
    Route("GET", "/git/commit", "get_git_commit"),
    Route("GET", "/files/search", "search_files", names={"q": "query"}),
)
