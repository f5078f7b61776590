"""The hub as an MCP server: the SDK's kernel with our tools. Both transports use it."""

from collections.abc import Callable
from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from hub.access import Caller
from hub.domain.errors import NotFound, UnknownOperation
from hub.operations.base import Profile
from hub.version import VERSION
from protocols.mcp.calls import Asker, Calls
from protocols.mcp.tools import INSTRUCTIONS, tools

NAME = "trivium"
TOOLS_TTL = 3_600_000
"""Milliseconds that a client may keep the list of tools: it changes with the hub's version only."""

CallerOf = Callable[[ServerRequestContext[Any, Any]], Caller]


def server(calls: Calls, profile: Profile, caller_of: CallerOf) -> Server[Any]:
    listed = ListToolsResult.model_validate({"tools": tools(profile)})

    async def list_tools(ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        return listed

    async def call(ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        try:
            asker = Asker(caller_of(ctx), profile)
            return CallToolResult.model_validate_json(await calls.call(params.name, params.arguments or {}, asker))
        except UnknownOperation:
            raise MCPError(INVALID_PARAMS, NotFound("tool", params.name).message) from None

    made: Server[Any] = Server(
        NAME,
        version=VERSION,
        title="Trivium",
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": CacheHint(ttl_ms=TOOLS_TTL, scope="public")},
    )
    made.middleware.clear()  # OpenTelemetry's costs 9 to 20 µs a request, exporter or not; the hub brings its own, sampled
    made.add_request_handler("tools/list", PaginatedRequestParams, list_tools)
    made.add_request_handler("tools/call", CallToolRequestParams, call)
    return made
