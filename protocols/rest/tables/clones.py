"""Repositories that are cloned, and the branches of those on this machine."""

from hub.operations.waiting import LONGEST
from protocols.rest.clones import clone_progress
from protocols.rest.route import ALL, Route, Stream

STREAMS = (
    Stream(
        "/clone/progress", "cloneProgress", "The progress of a clone that is begun", clone_progress,
        method="POST", operation="clone_repository",
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    Route("GET", "/clone", "list_clones", fixed=ALL),
    Route("POST", "/clone", "clone_repository", fixed={"timeoutSeconds": LONGEST}),
    Route("PATCH", "/clone", "check_out_branch"),
    Route("POST", "/clone/local", "open_repository"),
    Route("GET", "/clone/branches", "get_branches"),
    Route("POST", "/clone/branches", "fetch_branches"),
    Route("PATCH", "/clone/branches", "reset_working_tree", when="action", ignored=frozenset({"branch", "pull"})),
    Route("PATCH", "/clone/branches", "check_out_branch"),
    Route("DELETE", "/clone/branches", "delete_branch", fixed={"force": True}),
)
"""The frontend asks before it deletes a branch, and knows no force: the saved ref is what makes up for it."""
