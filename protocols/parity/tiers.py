"""Which paths a frontend needs first, which its main pages need, and which are features of one product."""

from protocols.parity.contracts import shape_of

CORE = (
    "/health",
    "/agents",
    "/tasks",
    "/workspaces",
    "/codebases",
    "/notes",
    "/background-tasks",
    "/schedules",
    "/mcp",
    "/acp",
    "/a2a",
    "/rpc",
)
PRODUCT = (
    "/canvas", "/harness", "/fitness", "/graph", "/spec", "/sandboxes", "/review", "/a2ui", "/ag-ui", "/debug", "/memory", "/mcp-server",
    "/test-mcp", "/acp/docker", "/sessions/{}/reposlide-result", "/workspaces/{}/codebases/{}/reposlide",
    "/workspaces/{}/codebases/{}/wiki", "/github", "/github/import", "/github/tree", "/github/file", "/github/search", "/github/pr-comment",
)  # fmt: skip
PAGES = ("/github/issues", "/github/pulls")
"""Of the pages, though they stand below a path of the product's."""
TIERS = ("T1", "T2", "T3")


def tier_of(path: str) -> str:
    """T1: the core. T2: everything else that the main pages need. T3: what belongs to the product alone."""
    plain = shape_of(path).removeprefix("/api")
    if _below(plain, PAGES):
        return "T2"
    if _below(plain, PRODUCT):
        return "T3"
    return "T1" if _below(plain, CORE) else "T2"


def _below(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
