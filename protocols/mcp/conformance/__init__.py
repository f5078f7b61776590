"""The fixtures that the official conformance suite calls by name, as an MCP server on the hub's own transport.

`trivium serve --conformance` serves them instead of the hub's own tools. Nothing else of the hub knows about them.
"""

from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    EmptyResult,
    PaginatedRequestParams,
    SetLevelRequestParams,
    SubscriptionsListenRequestParams,
)

from hub.app import Hub
from hub.ports import Json
from hub.version import VERSION
from protocols.mcp import tasks
from protocols.mcp.conformance import asking, content, texts
from protocols.mcp.conformance.fixtures import Context, Tool, complete
from protocols.mcp.conformance.jobs import Jobs
from protocols.mcp.surface import HttpPeer
from protocols.streams import Streams

NAME = "trivium-conformance"
HINT = CacheHint(ttl_ms=1_000, scope="public")


def served(hub: Hub, streams: Streams) -> Server[Any]:
    """The server for the hub's HTTP door; what works in the background ends when the streams do."""
    peer = HttpPeer()
    jobs = Jobs(hub, lambda ctx: peer.asker(ctx).caller)
    streams.on_close(jobs.close)
    return server(hub, jobs)


def server(hub: Hub, jobs: Jobs) -> Server[Any]:
    bus = InMemorySubscriptionBus()
    tools = {tool.name: tool for tool in (*content.tools(bus), *asking.TOOLS, *jobs.tools())}
    made: Server[Any] = Server(
        NAME,
        version=VERSION,
        cache_hints={
            "tools/list": HINT, "prompts/list": HINT, "resources/list": HINT, "resources/templates/list": HINT, "resources/read": HINT,
        },
        get_tool_input_schema=lambda name: tools[name].schema if name in tools else None,
    )  # fmt: skip
    made.middleware[:] = [RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME)]
    made.add_request_handler("logging/setLevel", SetLevelRequestParams, _set_level)
    made.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, ListenHandler(bus))
    _add_tools(made, tools)
    texts.add_to(made)
    tasks.add_to(made, hub, jobs.caller_of)
    return made


def _add_tools(made: Server[Any], tools: dict[str, Tool]) -> None:
    listed = [{"name": tool.name, "description": tool.description, "inputSchema": tool.schema} for tool in tools.values()]

    async def list_tools(ctx: Context, params: PaginatedRequestParams) -> Json:
        return complete(tools=listed)

    async def call(ctx: Context, params: CallToolRequestParams) -> Any:
        if params.name not in tools:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        return await tools[params.name].run(ctx, params)

    made.add_request_handler("tools/list", PaginatedRequestParams, list_tools)
    made.add_request_handler("tools/call", CallToolRequestParams, call)


async def _set_level(ctx: Context, params: SetLevelRequestParams) -> EmptyResult:
    """Every level is sent, whichever is asked for."""
    return EmptyResult()
