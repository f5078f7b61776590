"""What GitHub tells of a workspace's codebases."""

from protocols.rest.route import Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/github/issues", "list_github_issues"),
    Route("GET", "/github/pulls", "list_github_pulls"),
    Route("GET", "/github/access", "get_github_access"),
)
