"""Codebases, worktrees, git, files and clones, on a repository made for this."""

from protocols.parity.stories.base import INTERNET, call

CODEBASES = "/api/workspaces/{workspace}/codebases"
CALLS = (
    call(f"POST {CODEBASES}", {"repoPath": "{repository}", "label": "parity", "isDefault": True}, keep={"codebase": "codebase.id"}),
    call(f"GET {CODEBASES}"),
    call(f"GET {CODEBASES}/changes"),
    call("PATCH /api/codebases/{codebase}", {"label": "parity, renamed"}),
    call("POST /api/codebases/{codebase}/default"),
    call(f"POST {CODEBASES}/{{codebase}}/worktrees", {"branch": "parity-{tag}", "baseBranch": "main", "label": "parity"},
         keep={"worktree": "worktree.id", "worktreeFolder": "worktree.worktreePath"},
         undo="DELETE /api/worktrees/{worktree}?deleteBranch=true"),
    call(f"GET {CODEBASES}/{{codebase}}/worktrees"),
    call("GET /api/worktrees/{worktree}"),
    call("POST /api/worktrees/{worktree}/validate"),
    call("GET /api/git/refs?repoPath={repository}"),
    call("GET /api/git/log?repoPath={repository}&limit=10&skip=0"),
    call("GET /api/git/log?repoPath={repository}&branches=feature&search=second"),
    call("GET /api/git/commit?repoPath={repository}&sha={sha}"),
    call("GET /api/git/commit?repoPath={repository}&sha={sha}&patch=true"),
    call("GET /api/git/commit?repoPath={repository}", expects=400),
    call("GET /api/files/search?repoPath={repository}&q=read&limit=5"),
    call("PATCH /api/tasks/{task}", {"codebaseIds": ["{codebase}"]}),
    call("GET /api/tasks/{task}/changes"),
    call("GET /api/tasks/{task}/changes/file?path=README.md&status=modified"),
    call("GET /api/tasks/{task}/changes/commit?sha={sha}"),
    call("GET /api/tasks/{task}/changes/stats?paths=README.md"),
    call("GET /api/clone", common=True),
    call("POST /api/clone", {"url": "https://github.com/parity/parity"}, never=INTERNET),
    call("POST /api/clone/progress", {"url": "https://github.com/parity/parity"}, never=INTERNET),
    call("POST /api/clone/local", {"path": "{repository}"}),
    call("GET /api/clone/branches?repoPath={repository}"),
    call("POST /api/clone/branches", {"repoPath": "{repository}"}),
    call("PATCH /api/clone/branches", {"repoPath": "{repository}", "branch": "feature"}),
    call("PATCH /api/clone", {"repoPath": "{repository}", "branch": "main"}),
    call("DELETE /api/clone/branches", {"repoPath": "{repository}", "branch": "old"}),
)  # fmt: skip
