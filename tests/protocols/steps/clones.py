"""Repositories that are cloned, which nobody does here, and branches."""

from tests.protocols.steps.base import no, ok
from tests.repositories import repository_of

TREE = repository_of("steps of branches")

CLONES = (
    ok("clone_repository", {"url": "https://github.com/Ada/Engine", "timeoutSeconds": 0}, "clone"),
    ok("clone_repository", {"url": "ada/engine", "timeoutSeconds": 0}),
    no("invalid", "clone_repository", {"url": "file:///etc", "timeoutSeconds": 0}),
    no("invalid", "clone_repository", {"url": "https://ada:secret@example.com/ada/engine", "timeoutSeconds": 0}),
    ok("get_clone", {"cloneId": "$clone.id"}),
    no("not_found", "get_clone", {"cloneId": "nothing"}),
    ok("list_clones", {"limit": 5}),
    no("invalid", "list_clones", {"limit": "many"}),
    ok("cancel_clone", {"cloneId": "$clone.id"}),
    no("not_found", "cancel_clone", {"cloneId": "nothing"}),
    ok("open_repository", {"path": f"{TREE}/src"}),
    no("invalid", "open_repository", {"path": "src"}),
    ok("get_branches", {"repoPath": TREE}),
    no("invalid", "get_branches", {"repoPath": f"{TREE}/nothing"}),
    ok("fetch_branches", {"repoPath": TREE}),
    no("invalid", "fetch_branches", {"repoPath": ""}),
    ok("check_out_branch", {"repoPath": TREE, "branch": "feature"}),
    ok("check_out_branch", {"repoPath": TREE, "branch": "idea", "create": True}),
    ok("check_out_branch", {"repoPath": TREE, "branch": "main", "pull": True}),
    no("invalid", "check_out_branch", {"repoPath": TREE, "branch": "--force"}),
    no("not_found", "check_out_branch", {"repoPath": TREE, "branch": "nothing"}),
    no("conflict", "delete_branch", {"repoPath": TREE, "branch": "main", "force": True}),
    ok("delete_branch", {"repoPath": TREE, "branch": "idea", "force": True}),
    no("not_found", "delete_branch", {"repoPath": TREE, "branch": "idea", "force": True}),
    no("invalid", "delete_branch", {"repoPath": TREE, "branch": "a..b", "force": False}),
    ok("reset_working_tree", {"repoPath": TREE, "action": "reset"}),
    no("invalid", "reset_working_tree", {"repoPath": TREE, "action": "checkout"}),
)
