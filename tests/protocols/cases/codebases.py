"""Codebases and what is in them."""

from hub.app import Hub
from tests.core.support import ask, new_task
from tests.protocols.cases.base import case
from tests.repositories import repository_of

HOUSE, SHED = repository_of("cases of codebases"), repository_of("cases of another codebase")


async def prepare(hub: Hub) -> dict[str, str]:
    """A codebase, and a task that works on it."""
    codebase = (await ask(hub, "create_codebase", repoPath=HOUSE))["id"]
    return {"codebase": codebase, "task": await new_task(hub), "house": HOUSE}


CASES = (
    case("GET", "/workspaces/{id}/codebases", "/workspaces/default/codebases", 200, "codebases"),
    case("POST", "/workspaces/{id}/codebases", "/workspaces/default/codebases", 201, "codebase",
         {"repoPath": SHED, "branch": "main", "label": "Shed", "isDefault": True, "sourceType": "github", "sourceUrl": "https://x.example"}),
    case("POST", "/workspaces/{id}/codebases", "/workspaces/default/codebases", 201, "codebase", {"repoPath": SHED}),
    case("GET", "/workspaces/{id}/codebases/changes", "/workspaces/default/codebases/changes", 200, "workspaceId repos"),
    case("DELETE", "/workspaces/{workspaceId}/codebases/{codebaseId}", "/workspaces/default/codebases/{codebase}", 200,
         "deleted id deletedCount"),
    case("PATCH", "/codebases/{id}", "/codebases/{codebase}", 200, "codebase", {"label": "New", "branch": "feature", "repoPath": SHED}),
    case("DELETE", "/codebases/{id}", "/codebases/{codebase}", 200, "deleted id deletedCount"),
    case("POST", "/codebases/{id}/default", "/codebases/{codebase}/default", 200, "codebase"),
    case("GET", "/tasks/{id}/changes", "/tasks/{task}/changes", 200, "changes"),
    case("GET", "/tasks/{id}/changes/file", "/tasks/{task}/changes/file?path=src/walls.py&status=modified", 200, "diff"),
    case("GET", "/tasks/{id}/changes/file", "/tasks/{task}/changes/file?path=b.md&previousPath=a.md&status=renamed", 200, "diff"),
    case("GET", "/tasks/{id}/changes/commit", "/tasks/{task}/changes/commit?sha=main&context=full", 200, "diff"),
    case("GET", "/tasks/{id}/changes/stats", "/tasks/{task}/changes/stats?paths=README.md,src/walls.py&statuses=modified,added", 200,
         "stats requested successful"),
    case("GET", "/git/refs", "/git/refs?repoPath={house}", 200, "head local remote tags"),
    case("GET", "/git/log", "/git/log?repoPath={house}&limit=40&skip=0", 200, "commits total hasMore"),
    case("GET", "/git/log", "/git/log?repoPath={house}&branches=main,feature&search=a&limit=1", 200, "commits total hasMore nextSkip"),
    case("GET", "/git/commit", "/git/commit?repoPath={house}&sha=main", 200, "commit files"),
    case("GET", "/files/search", "/files/search?repoPath={house}&q=walls&limit=5", 200, "files total query scanned"),
    case("GET", "/files/search", "/files/search?workspaceId=default&codebaseId={codebase}&q=", 200, "files total query scanned"),
)  # fmt: skip
