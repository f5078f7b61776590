"""What the web frontend asks of its own product and the hub does not do: what it answers instead, and why.

Where there is nothing to show, an empty answer is true, and the page shows that. Where an empty answer would say that something was
done or looked at, it is an error: not found for what a path names, or unsupported.
"""

from typing import Any

from protocols.rest.unserved import Unserved

REPOSITORY = ("workspaceId", "codebaseId", "repoPath")
"""One of them says which repository is meant."""
UNREAD = "The hub keeps tasks, notes and sessions. What a repository says of itself it leaves to the agents that work there."
NO_CONTAINERS = "The hub starts agents as programs of its machine, in no container."
NO_SANDBOXES = "The hub runs no code but the agents that it starts, so it has no sandboxes."
NO_CANVAS = "The hub makes no pictures of its data. An agent can write a note or provide an artifact."
NO_REVIEWS = "The hub judges no code. Start a session with an agent, or a task for one, that does."
NO_TREES = "The hub makes no tree of a product's features. Search the tasks and notes with GET /api/search."
NO_IMPORTS = "The hub holds no copy of a repository without a checkout. Clone it with POST /api/clone."
NO_SLIDES = "The hub makes no slides. An agent in a session can, and provide them as an artifact."
NO_DASHBOARD = "The hub has no dashboard of its own. GET /api/events streams everything that happens."
NO_AG_UI = "The hub speaks ACP, A2A and MCP with agents. A session at POST /api/acp does what this protocol would."
ALWAYS = "The hub itself is the MCP server, at /mcp, for as long as it runs."

UNKNOWN: dict[str, Any] = {"repoRoot": "", "warnings": [UNREAD]}
MODE: dict[str, Any] = {
    "currentStatus": "missing", "currentObservedAt": None, "finalScore": None, "hardGateBlocked": None, "scoreBlocked": None,
    "durationMs": None, "dimensionCount": None, "metricCount": None, "artifactPath": None, "lastCompleted": None,
}  # fmt: skip
SURFACE: dict[str, Any] = {"configPath": "", "title": "", "summary": "", "overviewRows": [], "entrypointGroups": []}
MISSING: dict[str, Any] = {"source": "snapshot", "status": "missing", "error": UNREAD}
PROFILES = ("generic", "agent_orchestrator")


def _about(path: str, **answer: Any) -> Unserved:
    """What a page reads of a repository: nothing was read, and the answer says so."""
    return Unserved("GET", path, UNREAD, answer, stamp="generatedAt", one_of=REPOSITORY)


FITNESS = (
    _about(
        "/fitness/runtime", repoRoot="", hasRunning=False, modes=[{"mode": "fast", **MODE}, {"mode": "full", **MODE}], latest=None,
    ),
    _about("/fitness/specs", repoRoot="", fitnessDir="", files=[]),
    Unserved(
        "GET", "/fitness/plan", UNREAD,
        {
            "tier": "normal", "scope": "local", "repoRoot": "", "dimensionCount": 0, "metricCount": 0, "hardGateCount": 0,
            "runnerCounts": {"shell": 0, "graph": 0, "sarif": 0}, "dimensions": [],
        },
        stamp="generatedAt", echo=("tier", "scope"), one_of=REPOSITORY,
    ),
    _about("/fitness/report", requestedProfiles=[*PROFILES], profiles=[{"profile": name, **MISSING} for name in PROFILES]),
    Unserved("GET", "/fitness/architecture", NO_REVIEWS, one_of=REPOSITORY),
    Unserved("POST", "/fitness/analyze", NO_REVIEWS),
    Unserved("POST", "/fitness/run", NO_REVIEWS),
    Unserved("GET", "/graph/analyze", NO_REVIEWS),
    Unserved("POST", "/review/analyze", NO_REVIEWS),
)  # fmt: skip

HARNESS = (
    _about("/harness/github-actions", **UNKNOWN, workflowsDir="", flows=[]),
    Unserved(
        "GET", "/harness/agent-hooks", UNREAD, {**UNKNOWN, "configFile": None, "configFiles": [], "hooks": []}, stamp="generatedAt",
    ),
    _about(
        "/harness/hooks", **UNKNOWN, hooksDir="", configFile=None, reviewTriggerFile=None, releaseTriggerFile=None, hookFiles=[],
        profiles=[],
    ),
    _about("/harness/instructions", repoRoot="", fileName="", relativePath="", source="", fallbackUsed=False, audit=None),
    _about(
        "/harness/codeowners", **UNKNOWN, codeownersFile=None, owners=[], rules=[],
        coverage={"unownedFiles": [], "overlappingFiles": [], "sensitiveUnownedFiles": []},
    ),
    _about("/harness/repo-signals", **UNKNOWN, packageManager=None, lockfiles=[], build=SURFACE, test=SURFACE),
    _about("/harness/automations", **UNKNOWN, configFile=None, definitions=[], pendingSignals=[], recentRuns=[]),
    _about("/harness/spec-sources", **UNKNOWN, sources=[]),
    _about("/harness/design-decisions", **UNKNOWN, sources=[]),
    _about("/harness/templates", **UNKNOWN, templates=[]),
    Unserved("GET", "/harness/templates/validate", UNREAD, one_of=REPOSITORY, needs=("templateId",)),
    Unserved("GET", "/harness/templates/doctor", UNREAD, one_of=REPOSITORY),
    Unserved("GET", "/harness/hooks/preview", UNREAD, one_of=REPOSITORY, needs=("profile",)),
    Unserved("GET", "/harness/spec-sources/file", UNREAD, noun="specification", one_of=REPOSITORY),
    Unserved("POST", "/harness/task-adaptive", UNREAD),
    Unserved("POST", "/harness/task-adaptive/history-summary", UNREAD),
)  # fmt: skip

SPEC = (
    Unserved("GET", "/spec/issues", UNREAD, {"issues": [], "repoRoot": ""}, one_of=REPOSITORY),
    _about(
        "/spec/surface-index", **UNKNOWN, pages=[], apis=[], contractApis=[], nextjsApis=[], rustApis=[], implementationApis=[],
        metadata=None,
    ),
    Unserved("GET", "/spec/feature-tree/preflight", NO_TREES, one_of=REPOSITORY),
    Unserved("POST", "/spec/feature-tree/generate", NO_TREES),
    Unserved("POST", "/spec/feature-tree/commit", NO_TREES),
    Unserved("GET", "/feature-explorer", NO_TREES, {"capabilityGroups": [], "features": []}, one_of=REPOSITORY),
    Unserved("GET", "/feature-explorer/{featureId}", NO_TREES, noun="feature"),
)  # fmt: skip

PICTURES = (
    Unserved("GET", "/canvas", NO_CANVAS, {"canvasArtifacts": []}, needs=("workspaceId",)),
    Unserved("POST", "/canvas", NO_CANVAS),
    Unserved("GET", "/canvas/{id}", NO_CANVAS, noun="canvas"),
    Unserved("DELETE", "/canvas/{id}", NO_CANVAS, noun="canvas"),
    Unserved("POST", "/canvas/specialist", NO_CANVAS),
    Unserved("POST", "/canvas/specialist/materialize", NO_CANVAS),
    Unserved("GET", "/a2ui/dashboard", NO_DASHBOARD, {"data": [], "kind": "data"}),
    Unserved("POST", "/a2ui/dashboard", NO_DASHBOARD),
    Unserved("POST", "/ag-ui", NO_AG_UI),
    Unserved("GET", "/sessions/{sessionId}/reposlide-result", NO_SLIDES, noun="deck of session"),
    Unserved("GET", "/sessions/{sessionId}/reposlide-result/download", NO_SLIDES, noun="deck of session"),
    Unserved("GET", "/workspaces/{workspaceId}/codebases/{codebaseId}/reposlide", NO_SLIDES),
    Unserved("GET", "/workspaces/{workspaceId}/codebases/{codebaseId}/wiki", UNREAD),
)

CONTAINERS = (
    Unserved(
        "GET", "/acp/docker/status", NO_CONTAINERS,
        {"available": False, "daemonRunning": False, "error": NO_CONTAINERS, "image": "", "imageAvailable": False}, stamp="checkedAt",
    ),
    Unserved("GET", "/acp/docker/containers", NO_CONTAINERS, {"containers": []}),
    Unserved("POST", "/acp/docker/pull", NO_CONTAINERS),
    Unserved("POST", "/acp/docker/container/start", NO_CONTAINERS),
    Unserved("POST", "/acp/docker/container/stop", NO_CONTAINERS),
    Unserved("GET", "/sandboxes", NO_SANDBOXES, {"sandboxes": []}),
    Unserved("POST", "/sandboxes", NO_SANDBOXES),
    Unserved("POST", "/sandboxes/explain", NO_SANDBOXES),
    Unserved("GET", "/sandboxes/{id}", NO_SANDBOXES, noun="sandbox"),
    Unserved("DELETE", "/sandboxes/{id}", NO_SANDBOXES, noun="sandbox"),
    Unserved("POST", "/sandboxes/{id}/permissions/explain", NO_SANDBOXES, noun="sandbox"),
    Unserved("POST", "/sandboxes/{id}/permissions/apply", NO_SANDBOXES, noun="sandbox"),
    Unserved("POST", "/sandboxes/{id}/execute", NO_SANDBOXES, noun="sandbox"),
)  # fmt: skip

OTHERS = (
    Unserved("GET", "/github", NO_IMPORTS, {"workspaces": []}),
    Unserved("POST", "/github/import", NO_IMPORTS),
    Unserved("GET", "/github/tree", NO_IMPORTS, noun="imported repository", needs=("owner", "repo")),
    Unserved("GET", "/github/file", NO_IMPORTS, noun="imported repository", needs=("owner", "repo", "path")),
    Unserved("GET", "/github/search", NO_IMPORTS, {"files": [], "total": 0}, needs=("owner", "repo")),
    Unserved("POST", "/tasks/{taskId}/pr-run", "The hub makes no pull requests. Start a session with an agent that has the means for it."),
    Unserved("POST", "/github/pr-comment", "The hub says nothing on GitHub in your name. An agent with a tool for that can."),
    Unserved("GET", "/mcp-server", ALWAYS, {"running": True}),
    Unserved("POST", "/mcp-server", ALWAYS, {"running": True}),
    Unserved("DELETE", "/mcp-server", ALWAYS),
    Unserved("GET", "/debug/path", "Where programs lie on this machine is told to nobody. GET /api/providers says which agents there are."),
)

UNSERVED: tuple[Unserved, ...] = (*FITNESS, *HARNESS, *SPEC, *PICTURES, *CONTAINERS, *OTHERS)
