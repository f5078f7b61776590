"""Worktrees, and what is done with git in a codebase."""

from pathlib import Path

from hub.app import Hub
from hub.domain.model import new_id
from tests.core.codebases import new_codebase
from tests.core.support import ask
from tests.protocols.cases.base import case
from tests.repositories import Tree, repository_of


async def prepare(hub: Hub) -> dict[str, str]:
    """A codebase with something staged and something not, that is its own remote, and a worktree of it with work in it."""
    tree = Tree(Path(repository_of(new_id())))
    tree.git("remote", "add", "origin", str(tree.path))
    codebase = await new_codebase(hub, tree)
    worktree = await ask(hub, "create_worktree", codebaseId=codebase, branch="side")
    side = Tree(Path(worktree["worktreePath"]))
    side.write("new", "new")
    tree.write("src/walls.py", "height = 5\n")
    tree.git("add", "src/walls.py")
    tree.write("README.md", "# Other\n")
    sha = tree.git("rev-parse", "HEAD")
    return {"codebase": codebase, "worktree": worktree["id"], "sha": sha, "side": await new_codebase(hub, side)}


PATH, URL = "/workspaces/{workspaceId}/codebases/{codebaseId}", "/workspaces/default/codebases/{codebase}"
MOVED = "success sha savedRef? restore?"
CASES = (
    case("GET", f"{PATH}/worktrees", f"{URL}/worktrees", 200, "worktrees"),
    case("POST", f"{PATH}/worktrees", f"{URL}/worktrees", 201, "worktree", {"branch": "roof", "baseBranch": "main", "label": "Roof"}),
    case("POST", f"{PATH}/worktrees", f"{URL}/worktrees", 201, "worktree", {}),
    case("GET", "/worktrees/{id}", "/worktrees/{worktree}", 200, "worktree"),
    case("DELETE", "/worktrees/{id}", "/worktrees/{worktree}?deleteBranch=true", 200, "deleted id deletedCount savedRef restore"),
    case("DELETE", "/worktrees/{id}", "/worktrees/{worktree}", 200, "deleted id deletedCount savedRef restore"),
    case("POST", "/worktrees/{id}/validate", "/worktrees/{worktree}/validate", 200, "healthy"),
    case("POST", f"{PATH}/git/stage", f"{URL}/git/stage", 200, "success staged", {"files": ["README.md"]}),
    case("POST", f"{PATH}/git/unstage", f"{URL}/git/unstage", 200, "success unstaged", {"files": ["src/walls.py"]}),
    case("POST", f"{PATH}/git/commit", f"{URL}/git/commit", 200, "success sha message", {"message": "Higher", "files": ["README.md"]}),
    case("POST", f"{PATH}/git/discard", f"{URL}/git/discard", 200, "success discarded savedRef restore", {
        "files": ["README.md"], "confirm": True,
    }),
    case("POST", f"{PATH}/git/export", f"{URL}/git/export", 200, "success patch filename", {"files": [], "format": "patch"}),
    case("GET", f"{PATH}/git/diff", f"{URL}/git/diff?path=src/walls.py&staged=true", 200, "diff path staged"),
    case("GET", f"{PATH}/git/commits", f"{URL}/git/commits?limit=20&since=2026-01-01", 200, "commits count"),
    case("GET", f"{PATH}/git/commits/{{sha}}/diff", f"{URL}/git/commits/{{sha}}/diff?path=README.md", 200, "diff sha path"),
    case("GET", f"{PATH}/git/commits/{{sha}}/diff", f"{URL}/git/commits/{{sha}}/diff", 200, "diff sha"),
    case("POST", f"{PATH}/git/pull", f"{URL}/git/pull", 200, MOVED, {"remote": "origin", "branch": "main"}),
    case("POST", f"{PATH}/git/rebase", "/workspaces/default/codebases/{side}/git/rebase", 200, MOVED, {"onto": "v1"}),
    case("POST", f"{PATH}/git/reset", f"{URL}/git/reset", 200, "success sha savedRef restore", {
        "to": "HEAD~1", "mode": "hard", "confirm": True,
    }),
)  # fmt: skip
