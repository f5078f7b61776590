"""The web API as a table: every row and every stream, in the order in which they are looked through."""

from protocols.rest.route import Route, Stream
from protocols.rest.tables import core, definitions, jobs, sessions

ROUTES: tuple[Route, ...] = (*core.ROUTES, *sessions.ROUTES, *definitions.ROUTES, *jobs.ROUTES)
STREAMS: tuple[Stream, ...] = (*core.STREAMS,)
METHODS = {route.rpc: route for route in ROUTES if route.rpc}
"""The web API's JSON-RPC methods."""
