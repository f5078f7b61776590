"""The web API as a table: every row and every stream, in the order in which they are looked through."""

from protocols.rest.route import Route, Stream
from protocols.rest.tables import codebases, core, definitions, sessions, worktrees

ROUTES: tuple[Route, ...] = (*core.ROUTES, *sessions.ROUTES, *definitions.ROUTES, *codebases.ROUTES, *worktrees.ROUTES)
STREAMS: tuple[Stream, ...] = (*core.STREAMS,)
METHODS = {route.rpc: route for route in ROUTES if route.rpc}
"""The web API's JSON-RPC methods."""
