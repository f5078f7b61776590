"""The hub as an MCP server: the SDK's kernel with what the hub has. Every transport uses it."""

from functools import lru_cache
from typing import Any, Protocol

import orjson
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.models import InitializationOptions
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, ListToolsResult, PaginatedRequestParams

from hub.app import Hub
from hub.domain.errors import HubError, NotFound, UnknownOperation
from hub.operations.base import Profile
from hub.version import VERSION
from protocols.mcp import completions, listening, prompts, resources, tasks
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.listening import Wanted
from protocols.mcp.tools import INSTRUCTIONS, listed
from protocols.wire import jsonrpc_code

NAME = "trivium"
TOOLS_TTL = 3_600_000
"""Milliseconds that a client may keep the list of tools: it changes with the hub's version only."""
OTHERS_TTL = 30_000
"""The same of a list that holds tools of other servers, which change when they like."""

Context = ServerRequestContext[Any, Any]


class Peer(Protocol):
    """What a transport knows of the client behind a request."""

    def asker(self, ctx: Context) -> Asker: ...
    async def wanted(self, ctx: Context) -> Wanted:
        """What its session follows (handshake era)."""


def server(hub: Hub, calls: Calls, profile: Profile, peer: Peer) -> Server[Any]:
    async def list_tools(ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        asker = peer.asker(ctx)
        others = await calls.upstreams.tools(asker.caller, asker.workspace_id)
        page = listed(profile, params.cursor if params else None, others)
        return page.model_copy(update={"ttl_ms": OTHERS_TTL, "cache_scope": "private"}) if others else page

    async def call(ctx: Context, params: CallToolRequestParams) -> HandlerResult:
        try:
            result: dict[str, Any] = orjson.loads(await calls.call(params.name, params.arguments or {}, peer.asker(ctx)))
        except UnknownOperation as error:
            raise MCPError(INVALID_PARAMS, error.message) from None
        return {"resultType": "complete", **result}

    made: Server[Any] = Server(
        NAME,
        version=VERSION,
        title="Trivium",
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": CacheHint(ttl_ms=TOOLS_TTL, scope="public")},
    )
    made.middleware[:] = [_refusals]  # OpenTelemetry's costs 9 to 20 µs a request, exporter or not; the hub brings its own, sampled
    made.add_request_handler("tools/list", PaginatedRequestParams, list_tools)
    made.add_request_handler("tools/call", CallToolRequestParams, call)
    for feature in (resources, prompts, completions, tasks):
        feature.add_to(made, hub, lambda ctx: peer.asker(ctx).caller)
    listening.add_to(made, hub, lambda ctx: peer.asker(ctx).caller, peer.wanted)
    return made


@lru_cache(16)
def introduction(made: Server[Any]) -> InitializationOptions:
    """What a server says of itself in the handshake: also which changes it tells of (2025-11-25 §basic/lifecycle)."""
    return made.create_initialization_options(NotificationOptions(resources_changed=True, tools_changed=True))


async def _refusals(ctx: Context, call_next: CallNext) -> HandlerResult:
    """The hub's errors on this wire."""
    try:
        return await call_next(ctx)
    except HubError as error:
        code = INVALID_PARAMS if isinstance(error, NotFound) else jsonrpc_code(error)
        raise MCPError(code, error.message, error.document()) from None
