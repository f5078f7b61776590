"""Repositories that are cloned, which nobody does here, and branches."""

from pathlib import Path

from hub.app import Hub
from tests.protocols.cases.base import case
from tests.repositories import Tree, repository_of

TREE = repository_of("cases of branches")
STATUS, OUT = "current local remote status", "success branch branches status pulled? problem?"


async def prepare(_: Hub) -> dict[str, str]:
    """The repository on `main`, with a branch that may be deleted."""
    tree = Tree(Path(TREE))
    tree.git("switch", "--quiet", "main")
    tree.git("branch", "--force", "idea")
    return {"tree": TREE}


CASES = (
    case("GET", "/clone", "/clone", 200, "repos"),
    case("POST", "/clone", "/clone", 200, "id success name url status existed phase percent message next",
         {"url": "ada/engine", "timeoutSeconds": 0}),
    case("PATCH", "/clone", "/clone", 200, OUT, {"repoPath": TREE, "branch": "feature"}),
    case("POST", "/clone/local", "/clone/local", 200, "success name path branch branches status", {"path": TREE}),
    case("GET", "/clone/branches", "/clone/branches?repoPath={tree}", 200, STATUS),
    case("POST", "/clone/branches", "/clone/branches", 200, STATUS, {"repoPath": TREE}),
    case("PATCH", "/clone/branches", "/clone/branches", 200, "success action branch branches saved? status repoStatus",
         {"repoPath": TREE, "action": "reset"}, when="action"),
    case("PATCH", "/clone/branches", "/clone/branches", 200, OUT, {"repoPath": TREE, "branch": "main", "pull": True}),
    case("PATCH", "/clone/branches", "/clone/branches", 200, OUT, {"repoPath": TREE, "branch": "made", "create": True}),
    case("DELETE", "/clone/branches", "/clone/branches?repoPath={tree}&branch=idea", 200, "success deletedBranch saved current branches"),
)  # fmt: skip
