"""MCP's streamable HTTP under aiohttp, both eras at one address. No ASGI stands between."""

from typing import Any

import orjson
from aiohttp import web
from mcp.server.lowlevel import Server
from mcp_types import INVALID_REQUEST, PARSE_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from hub.app import Hub
from hub.domain.errors import UnsupportedMedia
from protocols.bodies import body_of
from protocols.mcp.handshake import Handshake
from protocols.mcp.messages import failure
from protocols.mcp.modern import Modern
from protocols.mcp.requests import VERSION_HEADER, accepts_json
from protocols.mcp.surface import Surface
from protocols.mcp.web_tools import WebTools
from protocols.streams import Streams


class McpDoor:
    def __init__(self, hub: Hub, streams: Streams, other: Server[Any] | None = None) -> None:
        """With `other`, that server is served instead of the hub's own."""
        surface = Surface(hub, other)
        self.calls = surface.calls
        self._modern, self._handshake = Modern(surface, streams), Handshake(surface, streams)
        self._web_tools = WebTools(surface.calls)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/tools"):
            return await self._web_tools.handle(request)
        if request.path.endswith("/test-mcp"):
            return await self._web_tools.test(request)
        version = request.headers.get(VERSION_HEADER)
        modern = version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS
        match request.method:
            case "POST":
                return await self._post(request, version if modern else None)
            case "GET" if not modern:
                return await self._handshake.get(request)
            case "DELETE" if not modern:
                return await self._handshake.delete(request)
        raise web.HTTPMethodNotAllowed(request.method, ["POST"] if modern else ["DELETE", "GET", "POST"])

    async def close(self) -> None:
        await self._handshake.sessions.close()

    async def _post(self, request: web.Request, modern: str | None) -> web.StreamResponse:
        if request.content_type != "application/json":
            raise UnsupportedMedia("The body must be JSON, with the header Content-Type: application/json.")
        if not accepts_json(request.headers.get("Accept")):
            return failure(None, INVALID_REQUEST, "The client must accept application/json", 406).response()
        try:
            body = orjson.loads(await body_of(request))
        except ValueError:
            return failure(None, PARSE_ERROR, "Parse error", 400).response()
        if isinstance(body, list) and not modern:
            return await self._handshake.batch(request, body)
        if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
            return failure(None, INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message", 400).response()
        return await (self._modern.post(request, body, modern) if modern else self._handshake.post(request, body))
