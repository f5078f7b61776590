"""Features of the product that the contract comes from."""

from protocols.parity.stories.base import INTERNET, PROGRAMS, call

WHERE = "workspaceId={workspace}&repoPath={repository}"
LOOKED = (
    "harness/templates", "harness/templates/doctor", "fitness/architecture", "fitness/plan", "fitness/report", "fitness/runtime",
    "fitness/specs", "graph/analyze", "harness/github-actions", "harness/agent-hooks", "harness/hooks", "harness/instructions",
    "harness/codeowners", "harness/repo-signals", "harness/automations", "harness/spec-sources", "harness/design-decisions", "spec/issues",
    "spec/surface-index", "feature-explorer",
)  # fmt: skip
"""Each looks at a repository."""
CANVAS = {"renderMode": "dynamic", "title": "Parity", "source": "export default () => null", "workspaceId": "{workspace}"}
RUN = {"threadId": "parity-{tag}", "runId": "parity-{tag}", "messages": [{"id": "1", "role": "user", "content": "Say it again."}]}
BOX = "/api/sandboxes/{absent}"
SANDBOX = "it starts a container"

CALLS = (
    *(call(f"GET /api/{path}?{WHERE}") for path in LOOKED),
    call(f"GET /api/harness/templates/validate?{WHERE}&templateId=parity"),
    call(f"GET /api/harness/hooks/preview?{WHERE}&profile=pre-commit&mode=dry-run"),
    call("GET /api/workspaces/{workspace}/codebases/{codebase}/reposlide"),
    call("GET /api/workspaces/{workspace}/codebases/{codebase}/wiki"),
    call("POST /api/fitness/analyze", {"workspaceId": "{workspace}", "repoPath": "{repository}"}),
    call("POST /api/spec/feature-tree/generate", {"workspaceId": "{workspace}", "repoPath": "{repository}", "dryRun": True}),
    call("POST /api/review/analyze", {}, never=PROGRAMS),
    call("POST /api/canvas", CANVAS, keep={"canvas": "id"}, undo="DELETE /api/canvas/{canvas}"),
    call("GET /api/canvas?workspaceId={workspace}"),
    call("GET /api/canvas/{canvas}"),
    call("POST /api/canvas/specialist", {}, never=PROGRAMS),
    call("GET /api/sandboxes", common=True),
    call("POST /api/sandboxes", {}, never=SANDBOX),
    call("POST /api/sandboxes/explain", {"lang": "python"}),
    call(f"GET {BOX}", expects=404),
    call(f"DELETE {BOX}", expects=404),
    call(f"POST {BOX}/permissions/explain", {"constraints": {}}, expects=404),
    call(f"POST {BOX}/permissions/apply", {"constraints": {}}, expects=404),
    call(f"POST {BOX}/execute", {"code": "1"}, never=SANDBOX),
    call("GET /api/github", common=True),
    call("POST /api/github/import", {}, never=INTERNET),
    call("GET /api/github/tree?owner=parity&repo={absent}", expects=404),
    call("GET /api/github/file?owner=parity&repo={absent}&path=README.md", expects=404),
    call("GET /api/github/search?owner=parity&repo={absent}&q=read", never=INTERNET),
    call("GET /api/github/issues", expects=400),
    call("GET /api/github/pulls", expects=400),
    call("POST /api/github/pr-comment", {}, never=INTERNET),
    call("GET /api/a2ui/dashboard?workspaceId={workspace}"),
    call("POST /api/a2ui/dashboard", {"workspaceId": "{workspace}", "messages": []}),
    call("POST /api/ag-ui", RUN, own=PROGRAMS),
    call("GET /api/mcp-server", common=True),
    call("POST /api/mcp-server", never="it opens a port"),
    call("DELETE /api/mcp-server", never="it closes a port"),
    call("GET /api/debug/path", common=True),
)  # fmt: skip
