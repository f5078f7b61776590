"""The official SDK's client on a hub: in this process without a wire, and over HTTP, in both eras."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from hub.access import LOCAL, Caller
from hub.app import Hub
from protocols.mcp.calls import Calls
from protocols.mcp.server import server
from protocols.mcp.stdio import StdioPeer
from protocols.mcp.tools import CORE
from tests.protocols.conftest import serving
from tests.protocols.mcp_messages import MODERN

every_era = pytest.mark.parametrize("mode", ["legacy", MODERN])
everywhere = pytest.mark.parametrize("over", ["memory", "http"])


@asynccontextmanager
async def connected(hub: Hub, mode: str = MODERN, over: str = "memory", caller: Caller = LOCAL) -> AsyncIterator[Client]:
    """Another caller than LOCAL in memory only."""
    async with AsyncExitStack() as open_:
        if over == "http":
            where: Any = str((await open_.enter_async_context(serving(hub))).make_url("/mcp"))
        else:
            where = server(hub, Calls(hub), CORE, StdioPeer(hub, CORE, caller))
        with anyio.fail_after(20):
            async with Client(where, mode=mode) as client:
                yield client


async def refused(call: Any) -> MCPError:
    with pytest.raises(MCPError) as raised:
        await call
    return raised.value
