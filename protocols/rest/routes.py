"""The web API as a table: every row and every stream, in the order in which they are looked through."""

from protocols.rest.route import Route, Stream
from protocols.rest.tables import (
    boards,
    clones,
    codebases,
    core,
    definitions,
    github,
    jobs,
    registry,
    sessions,
    sharing,
    skills,
    system,
    worktrees,
)

ROUTES: tuple[Route, ...] = (
    *core.ROUTES,
    *boards.ROUTES,
    *codebases.ROUTES,
    *worktrees.ROUTES,
    *clones.ROUTES,
    *sessions.ROUTES,
    *sharing.ROUTES,
    *definitions.ROUTES,
    *skills.ROUTES,
    *github.ROUTES,
    *registry.ROUTES,
    *jobs.ROUTES,
    *system.ROUTES,
)
STREAMS: tuple[Stream, ...] = (
    *core.STREAMS,
    *boards.STREAMS,
    *clones.STREAMS,
    *sharing.STREAMS,
)
METHODS = {route.rpc: route for route in ROUTES if route.rpc}
"""The web API's JSON-RPC methods."""
