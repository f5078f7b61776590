"""The servers that the hub is measured against, each a process: `python -m tests.benchmarks.servers floor|sdk`.

`floor` is aiohttp doing nothing but parsing the same body and answering a constant of the same size. `sdk` hosts the hub's own MCP
server in the SDK's Starlette hosting with JSON answers. Both print one JSON line with their address.
"""

import asyncio
import json
import os
import sys

import orjson
import uvloop
from aiohttp import web

from tests.postgres import free_port

CONSTANTS: dict[str, bytes] = {}


async def floor() -> None:
    async def constant(request: web.Request) -> web.Response:
        """`PUT /set?path=` gives the path's constant; any other request is parsed and answered with it."""
        body = await request.read()
        if request.path == "/set":
            CONSTANTS[request.query["path"]] = body
            return web.Response()
        if body:
            orjson.loads(body)
        return web.Response(body=CONSTANTS[request.path], content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", constant)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    _ready(port)
    await asyncio.Event().wait()


async def sdk(database: str) -> None:
    import uvicorn
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from hub.access import LOCAL
    from hub.app import Hub
    from protocols.mcp.asking import Asker
    from protocols.mcp.calls import Calls
    from protocols.mcp.listening import Wanted
    from protocols.mcp.server import server
    from tests.conftest import open_database

    class Peer:
        def asker(self, ctx: object) -> Asker:
            return Asker(LOCAL)

        async def wanted(self, ctx: object) -> Wanted:
            return Wanted()

    hub = Hub(await open_database(database))
    hosted = server(hub, Calls(hub), "core", Peer())
    hosted.get_tool_input_schema = lambda _: None  # else it makes the whole list of tools at each call of 2026-07-28
    manager = StreamableHTTPSessionManager(hosted, json_response=True)
    app = Starlette(routes=[Mount("/mcp", app=manager.handle_request)])
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    async with manager.run():
        serving = asyncio.create_task(uvicorn.Server(config).serve())
        _ready(port)
        await serving


def _ready(port: int) -> None:
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)


if __name__ == "__main__":
    uvloop.run(floor() if sys.argv[1] == "floor" else sdk(sys.argv[2]))
