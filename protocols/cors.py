"""Pages of other origins (Fetch §3.2): those that the operator named may call the hub and read what it answers."""

from http import HTTPStatus

from aiohttp import hdrs, web

from protocols.origins import Origins

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = frozenset({
    "a2a-extensions", "a2a-version", "accept", "accept-language", "acp-connection-id", "acp-session-id", "authorization",
    "cache-control", "content-language", "content-type", "idempotency-key", "last-event-id", "x-a2a-extensions",
})  # fmt: skip
"""What the doors read, beside all that begin as MCP's own."""
OF_MCP = "mcp-"
EXPOSED = "Mcp-Session-Id, Mcp-Protocol-Version, Acp-Connection-Id, Acp-Session-Id, WWW-Authenticate, ETag, Retry-After"
KEPT = "600"
"""Seconds for which a browser does not ask again."""
WANTED, PRIVATE = "Access-Control-Request-Private-Network", "Access-Control-Allow-Private-Network"
"""A page of the public web that calls a hub on this machine or in this network asks for that, too."""


class Cors:
    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def preflight(self, request: web.Request) -> web.Response | None:
        """None: this asks for no permission, or it is not this page's to be given."""
        if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
            return None
        if not self._origins.is_named(request.headers.get(hdrs.ORIGIN)):
            return None
        wanted = [name.strip().lower() for name in request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "").split(",")]
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = METHODS
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ", ".join(n for n in wanted if n in HEADERS or n.startswith(OF_MCP))
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = KEPT
        if request.headers.get(WANTED) == "true":
            response.headers[PRIVATE] = "true"
        return response

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Of every answer, before its headers are sent: errors and streams, too."""
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and self._origins.is_named(origin):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED
