"""MCP over stdio: one client, for as long as its pipe is open."""

from mcp.server.stdio import stdio_server

from hub.access import LOCAL
from hub.app import Hub
from hub.operations.base import Profile
from protocols.mcp.calls import Calls
from protocols.mcp.server import server


async def serve(hub: Hub, profile: Profile) -> None:
    """Serve this process's standard input and output until the client closes them."""
    made = server(Calls(hub), profile, lambda _: LOCAL)
    async with stdio_server() as (reads, writes):
        await made.run(reads, writes, made.create_initialization_options())
