"""An MCP server made with the official SDK: `python -m tests.protocols.upstreams.server stdio`, or `http PORT` for both eras.

It says on standard error who it is, keeps a file of what it was made to do, and does odd things when it is told to.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("upstream", version="7")
READS = ToolAnnotations(read_only_hint=True)
Ctx = Context[Any, Any]


@server.tool(annotations=READS)
def echo(text: str) -> dict[str, str]:
    """Say it again."""
    return {"text": text, "pid": str(os.getpid()), "secret": os.environ.get("UPSTREAM_SECRET", "")}


@server.tool()
async def count(ctx: Ctx, to: int) -> int:
    """Count and tell how far it is."""
    for at in range(1, to + 1):
        await ctx.report_progress(at, to, f"at {at}")
    return to


@server.tool()
async def hang(file: str) -> str:
    """Note that it began, and what became of it."""
    with Path(file).open("a") as notes:
        print("began", file=notes, flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("cancelled", file=notes, flush=True)
            raise
    return "never"


@server.tool()
def fail() -> str:
    """It does."""
    raise ValueError("as it was told")


@server.tool()
def die(file: str) -> str:
    """End without an answer."""
    with Path(file).open("a") as notes:
        print("died", file=notes)
    sys.stderr.write(f"the secret is {os.environ.get('UPSTREAM_SECRET')}")
    sys.stderr.flush()
    os._exit(3)


@server.tool(annotations=READS)
def die_once(file: str) -> str:
    """End without an answer the first time."""
    if not Path(file).exists():
        Path(file).touch()
        os._exit(3)
    return "alive"


@server.tool()
async def getMore(ctx: Ctx) -> str:  # noqa: N802
    """Have another tool from now on."""

    def more() -> str:
        """It is new."""
        return "more"

    server.add_tool(more)
    await ctx.notify_tools_changed()
    return "done"


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", port=int(sys.argv[2]), json_response="json" in sys.argv)
